import type { Admin } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import { inputPartitions, type Stage, taskCount } from '../stream/stage.ts'
import { partitionCount } from '../stream/topology.ts'
import { committedOffsets } from './committed-offsets.ts'
import { groupIdOf } from './stage-runtime.ts'
import { fetchTopicEnds } from './topic-ends.ts'

/** How far one stage is behind on one partition of one input. */
export interface PartitionLag {
  readonly groupId: string
  readonly stage: string
  /** Name without the prefix. */
  readonly topic: TopicName
  readonly partition: number
  /** Where the stage would read on after a restart; null before its first commit. */
  readonly committed: number | null
  /** Offset after the last committed record of the topic. */
  readonly end: number
  /**
   * Records that no closed hop holds. Offsets are committed with a hop, so a stage that keeps up stands at the records
   * of the hop that is open, not at 0. Markers of transactions count until the stage has read past them.
   */
  readonly lag: number
}

/**
 * Lag of a stage on all its inputs, as the broker tells it; the stage need not run. Rejects as kafkajs does when a broker
 * or a topic is missing.
 */
export async function stageLag(
  admin: Admin,
  stage: Stage,
  layout: { readonly prefix: string; readonly partitions: number },
): Promise<PartitionLag[]> {
  const { prefix, partitions } = layout
  const groupId = groupIdOf(stage.name, prefix)
  const topics = [...new Set(stage.inputs.map(({ topic }) => topic))]
  const names = topics.map((topic) => prefix + topic)
  const committed = await committedOffsets(admin, groupId, names)
  const ends = new Map(
    await Promise.all(topics.map(async (topic) => [topic, await fetchTopicEnds(admin, prefix + topic)] as const)),
  )
  const inputs = Array.from({ length: taskCount(stage, partitions) }, (_, task) =>
    inputPartitions(stage, task, (topic) => partitionCount(topic, partitions)),
  ).flat()
  return inputs.map(({ input: { topic }, partition }) => {
    const { low, high } = ends.get(topic)?.get(partition) ?? { low: 0, high: 0 }
    const offset = committed.get(`${prefix}${topic}/${partition}`) ?? null
    const lag = Math.max(0, high - Math.max(low, offset ?? 0))
    return { groupId, stage: stage.name, topic, partition, committed: offset, end: high, lag }
  })
}
