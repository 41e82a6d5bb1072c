import { createBaselines } from './baselines/index.ts'
import type { Method } from './method.ts'
import { type PipelineOptions, pipelineMethods } from './pipeline/pipeline-methods.ts'

export interface MethodOptions extends Omit<PipelineOptions, 'ablations'> {
  /** Beside the pipeline: what it would be without each block of evidence, and the baselines. */
  readonly isCompared: boolean
  /** False: without them even so, for a run that is only about the pipeline. */
  readonly baselines: boolean
}

/** Everything that watches one stream, the pipeline first. */
export function methodsOf({ isCompared, baselines, ...pipeline }: MethodOptions): Method[] {
  return [
    ...pipelineMethods({ ...pipeline, ablations: isCompared }),
    ...(isCompared && baselines ? createBaselines() : []),
  ]
}
