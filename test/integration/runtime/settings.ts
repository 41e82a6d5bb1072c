import type { StageSettings } from '../../../lib/kafka/stage-options.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import { HOP_MS } from './toy.ts'

/** A real broker's least session timeout. */
const SESSION_TIMEOUT_MS = 6_000

export interface StageSettingOverrides {
  readonly hop_ms?: number
  readonly silence_ms?: number
  readonly sessionTimeout_ms?: number
  readonly groupInstanceId?: string
}

export function stageSettings(
  prefix: string,
  partitions: number,
  overrides: StageSettingOverrides = {},
): StageSettings {
  const { hop_ms = HOP_MS, silence_ms = 0, sessionTimeout_ms = SESSION_TIMEOUT_MS, groupInstanceId } = overrides
  return {
    prefix,
    partitions,
    hops: { length_ms: hop_ms, bound_ms: 500, late_max_ms: 60_000, future_max_ms: 60_000, ahead_hops: 3, silence_ms },
    sessionTimeout_ms,
    groupInstanceId,
    fetchWait_ms: 50,
  }
}

/** Tasks that write a topic of the toy. */
export function toyWriters(partitions: number): (topic: TopicName) => number {
  return (topic) => (topic === 'outcomes' ? partitions : 1)
}
