import type { Admin } from 'kafkajs'
import type { TopicEnds } from './partition-ends.ts'

/**
 * Where the partitions of a topic begin and end, by the name on the broker. kafkajs asks read-committed, so `high` is the
 * last stable offset: what a reader of ours can reach.
 */
export async function fetchTopicEnds(admin: Admin, topic: string): Promise<TopicEnds> {
  const offsets = await admin.fetchTopicOffsets(topic)
  return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]))
}
