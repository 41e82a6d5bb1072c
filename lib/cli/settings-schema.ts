import { z } from 'zod'
import { operationalSettings } from '../ops/settings.ts'

/** Every setting there is. The sections of the pipeline stages are merged here: one more spread of their shape. */
export const settingsSchema = z.strictObject({
  ...operationalSettings,
})

export type Config = z.output<typeof settingsSchema>
