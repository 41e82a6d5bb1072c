import type { Admin } from 'kafkajs'
import { whileCoordinatorMoves } from './kafkajs-patches.ts'

/** What a group has committed, by `topic/partition` with the topic's name on the broker; a place without a commit is absent. */
export async function committedOffsets(
  admin: Admin,
  groupId: string,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const committed = new Map<string, number>()
  const groups = await whileCoordinatorMoves(() => admin.fetchOffsets({ groupId, topics: [...topics] }))
  for (const { topic, partitions } of groups) {
    // The broker answers -1 where nothing has been committed.
    for (const { partition, offset } of partitions) {
      if (Number(offset) >= 0) committed.set(`${topic}/${partition}`, Number(offset))
    }
  }
  return committed
}
