import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openBrokerState } from '../../../lib/embedded/broker-state.ts'
import { acceptBatch } from '../../../lib/embedded/log/incoming-batch.ts'
import { startLogCleaner } from '../../../lib/embedded/log-cleaner.ts'
import type { TopicStore } from '../../../lib/embedded/topics.ts'
import { encodeBatch } from '../../helpers/record-batches.ts'

const NOW_MS = 1_700_000_000_000
const INTERVAL_MS = 1_000
const COMPACTED = new Map([['cleanup.policy', 'compact']])

let topics: TopicStore
let stop: () => void

beforeEach(() => {
  vi.useFakeTimers()
  topics = openBrokerState({ clock: () => NOW_MS }).topics
  stop = startLogCleaner(topics, () => NOW_MS, INTERVAL_MS)
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})

/** Two records of one key, each in a batch, in every partition. */
function fill(topic: string): void {
  for (const log of topics.get(topic)!.partitions) {
    for (const value of ['old', 'new']) {
      const bytes = encodeBatch({ records: [{ key: 'key', value, timestamp_ms: NOW_MS }] })
      log.append(acceptBatch(bytes, topics.rulesOf(topic), NOW_MS))
    }
  }
}

/** Batches of each partition that a reader from its start would get. */
function batches(topic: string): number[] {
  const limits = { bytes_max: 1 << 20, isReadCommitted: false, atLeastOneBatch: true }
  return topics.get(topic)!.partitions.map((log) => log.read(log.startOffset, limits).buffers.length)
}

test('partitions are cleaned one at a time, with time for others in between, and all of them again after the interval', () => {
  topics.create('topic', 3, COMPACTED)
  fill('topic')
  vi.advanceTimersByTime(INTERVAL_MS)
  expect(batches('topic')).toEqual([1, 2, 2])
  vi.advanceTimersToNextTimer()
  expect(batches('topic')).toEqual([1, 1, 2])
  vi.advanceTimersToNextTimer()
  expect(batches('topic')).toEqual([1, 1, 1])
  fill('topic')
  vi.advanceTimersByTime(2 * INTERVAL_MS)
  expect(batches('topic')).toEqual([1, 1, 1])
})

test('what is deleted while others are cleaned is left alone, and cleaning goes on', () => {
  for (const name of ['first', 'gone', 'last']) {
    topics.create(name, 1, COMPACTED)
    fill(name)
  }
  const gone = vi.spyOn(topics.get('gone')!.partitions[0]!, 'compact')
  vi.advanceTimersByTime(INTERVAL_MS)
  topics.delete('gone')
  vi.advanceTimersByTime(INTERVAL_MS / 2)
  expect([batches('first'), batches('last')]).toEqual([[1], [1]])
  expect(gone).not.toHaveBeenCalled()
})

test('nothing is cleaned after it was stopped, not even what it had begun with', () => {
  topics.create('topic', 2, COMPACTED)
  fill('topic')
  vi.advanceTimersByTime(INTERVAL_MS)
  stop()
  vi.advanceTimersByTime(3 * INTERVAL_MS)
  expect(batches('topic')).toEqual([1, 2])
})
