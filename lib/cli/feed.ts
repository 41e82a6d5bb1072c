import type { IntakeItem } from '../../producers/intake/intake.ts'
import { toDeadLetter } from '../../producers/intake/reject.ts'
import type { TopicName } from '../../schemas/topics.ts'
import type { PublishedRecord, Publisher } from '../kafka/publisher.ts'
import { hopEnd_ms, hopOf } from '../stream/hop.ts'
import { erasureOf } from './erasure.ts'

/** Topics that producers write. */
export const PRODUCED_TOPICS: readonly TopicName[] = [
  'requests',
  'accounts',
  'outcomes',
  'model-releases',
  'dead-letters',
]

/** What went into Kafka. */
export interface FeedCounts {
  records: number
  rejects: number
  /** Largest end time of a request, ms; null before the first. */
  end_time_ms: number | null
}

/**
 * Publishes intake items in order: whatever stands before a request in the input is on the broker before it, which is what
 * lets an account record take effect in the hop of the requests that follow it. Rejects become dead letters.
 */
export async function feed(
  chunks: AsyncIterable<IntakeItem[]>,
  publisher: Publisher,
  onChunk: (counts: FeedCounts) => void | Promise<void>,
): Promise<FeedCounts> {
  const counts: FeedCounts = { records: 0, rejects: 0, end_time_ms: null }
  for await (const chunk of chunks) {
    let run: PublishedRecord<TopicName>[] = []
    for (const item of chunk) {
      for (const record of recordsOf(item)) {
        // A send goes to all topics at once, in no order between them; so each change of topic starts a new one.
        if (run.length > 0 && run[0]!.topic !== record.topic) {
          await publisher.publish(run)
          run = []
        }
        run.push(record)
      }
      count(item, counts)
    }
    if (run.length > 0) await publisher.publish(run)
    await onChunk(counts)
  }
  return counts
}

/** The watermark that closes every hop up to the one that holds `end_time_ms`. */
export function closingWatermark_ms(end_time_ms: number, hops: { length_ms: number; bound_ms: number }): number {
  return hopEnd_ms(hopOf(end_time_ms, hops.length_ms), hops.length_ms) + hops.bound_ms
}

function recordsOf(item: IntakeItem): PublishedRecord<TopicName>[] {
  if (item.kind === 'reject') return [{ topic: 'dead-letters', key: item.source, value: toDeadLetter(item) }]
  const { record } = item
  return record.topic === 'outcomes' && record.value.outcome === 'erased' ? erasureOf(record.value) : [record]
}

function count(item: IntakeItem, counts: FeedCounts): void {
  if (item.kind === 'reject') {
    counts.rejects++
    return
  }
  counts.records++
  if (item.record.topic !== 'requests') return
  counts.end_time_ms = Math.max(counts.end_time_ms ?? 0, item.record.value.end_time_ms)
}
