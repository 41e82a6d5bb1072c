import { pipelineStages } from '../../consumers/pipeline.ts'
import { configHash } from '../ops/config.ts'
import type { SketchKeys } from '../sketch/request-sketch.ts'
import type { Stage } from '../stream/stage.ts'
import type { Config } from './settings-schema.ts'

/** The stages as this configuration sets them, with its hash in their alerts. */
export function stagesOf(config: Config): Stage[] {
  return pipelineStages(config, detectionHash(config))
}

/**
 * Names the settings that affect detection. Brokers, partitions and enforcement are not among them: the same traffic
 * gives the same alerts whatever they are.
 */
export function detectionHash({ hops, fingerprints, detectors, linkage, campaigns }: Config): string {
  const { length_ms, bound_ms, late_max_ms, future_max_ms } = hops
  const times = { length_ms, bound_ms, late_max_ms, future_max_ms }
  return configHash({ hops: times, fingerprints, detectors, linkage, campaigns })
}

/** The keys under which text and identifiers are hashed. */
export function sketchKeys({ edge }: Config): SketchKeys {
  return {
    content: { epoch: edge.content_epoch, secret: Buffer.from(edge.content_secret) },
    infrastructure: { secret: Buffer.from(edge.infrastructure_secret) },
  }
}
