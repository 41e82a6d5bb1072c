import type { Admin } from 'kafkajs'
import { type CommitNote, decodeCommitNote } from './commit-note.ts'
import { whileCoordinatorMoves } from './kafkajs-patches.ts'

export interface CommittedOffset {
  readonly offset: number
  /** Null when the offset was set by something else than a task of ours. */
  readonly note: CommitNote | null
}

/** What a group has committed, by `topic/partition` with the topic's name on the broker; a place without a commit is absent. */
export async function committedOffsets(
  admin: Admin,
  groupId: string,
  topics: readonly string[],
): Promise<ReadonlyMap<string, CommittedOffset>> {
  const committed = new Map<string, CommittedOffset>()
  const groups = await whileCoordinatorMoves(() => admin.fetchOffsets({ groupId, topics: [...topics] }))
  for (const { topic, partitions } of groups) {
    for (const { partition, offset, metadata } of partitions) {
      // The broker answers -1 where nothing has been committed.
      if (Number(offset) < 0) continue
      committed.set(`${topic}/${partition}`, { offset: Number(offset), note: decodeCommitNote(metadata) })
    }
  }
  return committed
}
