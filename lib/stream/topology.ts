import { TOPICS, type TopicName } from '../../schemas/topics.ts'
import type { HopAssembler } from './assembler.ts'
import { MergeAssembler } from './merge-assembler.ts'
import { SourceAssembler } from './source-assembler.ts'
import { inputPartitions, type Stage, taskCount } from './stage.ts'

/** Event-time settings that every shell needs; docs/architecture.md explains them. */
export interface HopSettings {
  readonly length_ms: number
  readonly bound_ms: number
  readonly late_max_ms: number
  readonly future_max_ms: number
  readonly ahead_hops: number
}

/** Partition count of a topic when the partitioned ones have `partitions`. */
export function partitionCount(topic: TopicName, partitions: number): number {
  return TOPICS[topic].partitions === 'many' ? partitions : TOPICS[topic].partitions
}

/** True for the stage that cuts hops itself. */
export function isSource(stage: Stage): boolean {
  return stage.inputs.some(({ role }) => role === 'source')
}

/** Tasks of the stage that writes `topic`, which is how many writers its readers wait for. */
export function writerCount(stages: readonly Stage[], topic: TopicName, partitions: number): number {
  const writer = stages.find(({ outputs }) => outputs.some((output) => output.topic === topic))
  return writer ? taskCount(writer, partitions) : partitionCount(topic, partitions)
}

/** The assembler that a task of `stage` needs. `limit` gates sources; others are paced by their inputs. */
export function createAssembler(
  stage: Stage,
  task: number,
  options: {
    readonly partitions: number
    readonly hops: HopSettings
    readonly limit: (first: number) => number
    readonly writers: (topic: TopicName) => number
  },
): HopAssembler {
  const { partitions, hops, limit, writers } = options
  const inputs = inputPartitions(stage, task, (topic) => partitionCount(topic, partitions))
  return isSource(stage)
    ? new SourceAssembler(inputs, {
        hop_ms: hops.length_ms,
        bound_ms: hops.bound_ms,
        late_max_ms: hops.late_max_ms,
        future_max_ms: hops.future_max_ms,
        limit,
      })
    : new MergeAssembler(inputs, { hop_ms: hops.length_ms, writers })
}
