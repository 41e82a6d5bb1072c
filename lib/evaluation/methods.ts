import { BASELINES } from './baselines/index.ts'
import type { Method } from './method.ts'
import { type PipelineOptions, pipelineMethods } from './pipeline/pipeline-methods.ts'

export interface MethodOptions extends Omit<PipelineOptions, 'ablations'> {
  /** Beside the pipeline: what it would be without each block of evidence, and the baselines. */
  readonly isCompared: boolean
}

/** Everything that watches one stream, the pipeline first. */
export function methodsOf({ isCompared, ...pipeline }: MethodOptions): Method[] {
  return [
    ...pipelineMethods({ ...pipeline, ablations: isCompared }),
    ...(isCompared ? BASELINES.map((create) => create()) : []),
  ]
}
