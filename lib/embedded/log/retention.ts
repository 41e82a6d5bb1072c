import type { BatchStore } from './batch-store.ts'

/** `cleanup.policy=delete`; Infinity where the topic has no limit. */
export interface RetentionPolicy {
  readonly retention_ms: number
  readonly retention_bytes: number
}

/**
 * Index of the first batch to keep: batches go from the head while they are older than retention_ms by their latest
 * record, or while the rest still holds retention_bytes. Kafka decides by segments; a batch is our segment.
 */
export function retainedFrom(store: BatchStore, end: number, policy: RetentionPolicy, now_ms: number): number {
  let left_bytes = store.size_bytes
  let index = 0
  for (; index < store.length; index++) {
    const batch = store.at(index)
    if (batch.lastOffset >= end) break
    const isOld = now_ms - batch.header.maxTimestamp_ms > policy.retention_ms
    const isSurplus = left_bytes - batch.header.size_bytes >= policy.retention_bytes
    if (!isOld && !isSurplus) break
    left_bytes -= batch.header.size_bytes
  }
  return index
}
