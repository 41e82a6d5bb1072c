import { z } from 'zod'
import { pipelineSettings } from '../../consumers/pipeline.ts'
import { operationalSettings } from '../ops/settings.ts'

/** Every setting there is: the operational sections and one section per pipeline stage. */
export const settingsSchema = z.strictObject({
  ...operationalSettings,
  ...pipelineSettings,
})

export type Config = z.output<typeof settingsSchema>
