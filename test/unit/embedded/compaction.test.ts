import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CompactionPolicy } from '../../../lib/embedded/log/compaction.ts'
import { acceptBatch } from '../../../lib/embedded/log/incoming-batch.ts'
import { PartitionLog } from '../../../lib/embedded/log/partition-log.ts'
import { inflateRecords, RecordCursor } from '../../../lib/embedded/log/records.ts'
import { declaredSize, hasValidCrc, readHeader } from '../../../lib/wire/batch-header.ts'
import { encodeBatch, type TestBatch } from '../../helpers/record-batches.ts'

const NOW_MS = 1_700_000_000_000
const RULES = {
  messageBytes_max: 1e6,
  isCompacted: true,
  isLogAppendTime: false,
  timestampBefore_max_ms: Number.POSITIVE_INFINITY,
  timestampAfter_max_ms: Number.POSITIVE_INFINITY,
}
const POLICY: CompactionPolicy = { deleteRetention_ms: 1_000, compactionLag_min_ms: 0, dirtyRatio_min: 0.5 }

function append(log: PartitionLog, batch: TestBatch): number {
  return log.append(acceptBatch(encodeBatch(batch), RULES, NOW_MS))
}

const put = (log: PartitionLog, pairs: [key: string, value: string | null][], rest: Partial<TestBatch> = {}) =>
  append(log, { records: pairs.map(([key, value]) => ({ key, value, timestamp_ms: NOW_MS - 60_000 })), ...rest })

const inTransaction = (producerId: number, baseSequence: number) => ({
  producerId,
  producerEpoch: 0,
  baseSequence,
  isTransactional: true,
})

const end = (log: PartitionLog, producerId: number, isCommit: boolean) =>
  log.appendMarker({ producerId, producerEpoch: 0, isCommit, time_ms: NOW_MS - 60_000 })

/** Everything readable: `offset:key` of records, `offset:commit` and `offset:abort` of markers. */
function contents(log: PartitionLog, isReadCommitted = false): string[] {
  const { buffers } = log.read(log.startOffset, { bytes_max: 1e9, isReadCommitted, atLeastOneBatch: true })
  return buffers.flatMap((batch) => {
    expect(hasValidCrc(batch)).toBe(true)
    expect(declaredSize(batch)).toBe(batch.length)
    const header = readHeader(batch)
    const base = Number(batch.readBigInt64BE(0))
    const cursor = new RecordCursor(inflateRecords(batch, header.codec))
    const found: string[] = []
    while (cursor.next()) {
      const offset = base + cursor.offsetDelta
      const name = header.isControl ? (batch[69] === 1 ? 'commit' : 'abort') : cursor.key()
      found.push(`${offset}:${name}`)
    }
    expect(found.length).toBe(header.count)
    return found
  })
}

describe('compaction', () => {
  test('keeps the last record of each key at its offset, across and inside batches', () => {
    const log = new PartitionLog()
    put(log, [
      ['a', '1'],
      ['b', '1'],
      ['a', '2'],
    ])
    put(log, [['b', '2']])
    put(log, [['c', '1']], { isGzipped: true })
    expect(log.compact(POLICY, NOW_MS)).toBe(2)
    expect(contents(log)).toEqual(['2:a', '3:b', '4:c'])
    expect(log.endOffset).toBe(5)
    expect(log.compact(POLICY, NOW_MS)).toBe(0)
  })

  test('compresses again what was compressed', () => {
    const log = new PartitionLog()
    put(
      log,
      [
        ['a', '1'],
        ['b', '1'],
        ['a', '2'],
      ],
      { isGzipped: true },
    )
    put(log, [['b', '2']])
    log.compact(POLICY, NOW_MS)
    const [first] = log.read(0, { bytes_max: 1e9, isReadCommitted: false, atLeastOneBatch: true }).buffers
    expect(first && readHeader(first)).toMatchObject({ codec: 1, count: 1, lastOffsetDelta: 2 })
    expect(contents(log)).toEqual(['2:a', '3:b'])
  })

  test('keeps a tombstone for delete.retention.ms after it first passed by, then drops it', () => {
    const log = new PartitionLog()
    put(log, [['a', '1']])
    put(log, [['a', null]])
    put(log, [['end', 'x']])
    log.compact(POLICY, NOW_MS)
    expect(contents(log)).toEqual(['1:a', '2:end'])
    log.compact(POLICY, NOW_MS + 999)
    expect(contents(log)).toEqual(['1:a', '2:end'])
    log.compact(POLICY, NOW_MS + 1_000)
    expect(contents(log)).toEqual(['2:end'])
  })

  test('never removes the newest record, be it a tombstone out of retention', () => {
    const log = new PartitionLog()
    put(log, [['a', '1']])
    put(log, [['a', null]])
    for (const later_ms of [0, 1_000, 2_000]) log.compact(POLICY, NOW_MS + later_ms)
    expect(contents(log)).toEqual(['1:a'])
  })

  test('touches nothing at or after the last stable offset', () => {
    const log = new PartitionLog()
    put(log, [['a', '1']])
    put(log, [['a', '2']], inTransaction(7, 0))
    put(log, [['a', '3']])
    log.compact(POLICY, NOW_MS)
    expect(contents(log)).toEqual(['0:a', '1:a', '2:a'])
    end(log, 7, true)
    log.compact(POLICY, NOW_MS)
    expect(contents(log)).toEqual(['2:a', '3:commit'])
  })

  test('leaves records alone that are younger than min.compaction.lag.ms', () => {
    const log = new PartitionLog()
    put(log, [['a', '1']])
    put(log, [['a', '2']])
    expect(log.compact({ ...POLICY, compactionLag_min_ms: 61_000 }, NOW_MS)).toBe(0)
    expect(log.compact({ ...POLICY, compactionLag_min_ms: 60_000 }, NOW_MS)).toBe(1)
  })

  test('drops what was aborted, and lets no aborted record supersede a committed one', () => {
    const log = new PartitionLog()
    put(log, [['a', '1']])
    put(log, [['a', '2']], inTransaction(7, 0))
    end(log, 7, false)
    put(log, [['end', 'x']])
    log.compact(POLICY, NOW_MS)
    expect(contents(log)).toEqual(['0:a', '2:abort', '3:end'])
  })

  test('keeps the marker while its transaction has a record, and the list of aborted transactions with the marker', () => {
    const log = new PartitionLog()
    put(log, [['a', '1']], inTransaction(7, 0))
    end(log, 7, true)
    put(log, [['b', '1']], inTransaction(7, 1))
    end(log, 7, false)
    put(log, [['c', '1']], inTransaction(7, 2))
    end(log, 7, true)
    put(log, [['end', 'x']])
    const abortedFrom = () =>
      log
        .read(0, { bytes_max: 1e9, isReadCommitted: true, atLeastOneBatch: true })
        .aborted?.map((entry) => entry.firstOffset)
    log.compact(POLICY, NOW_MS)
    expect(contents(log)).toEqual(['0:a', '1:commit', '3:abort', '4:c', '5:commit', '6:end'])
    expect(abortedFrom()).toEqual([2])
    log.compact(POLICY, NOW_MS + 1_000)
    // The marker is gone and its entry with it: left alone, the entry would hide the committed record at 4.
    expect(contents(log)).toEqual(['0:a', '1:commit', '4:c', '5:commit', '6:end'])
    expect(abortedFrom()).toEqual([])
  })

  test('leaves exactly the state that a reader of the whole log would have, whatever the writes', () => {
    const write = fc.record({
      pairs: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(fc.constantFrom('1', '2'))), {
        minLength: 1,
        maxLength: 5,
      }),
      isGzipped: fc.boolean(),
      isCompactedAfter: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(write, { minLength: 1, maxLength: 15 }), (writes) => {
        const log = new PartitionLog()
        const last = new Map<string, { offset: number; isTombstone: boolean }>()
        for (const { pairs, isGzipped, isCompactedAfter } of writes) {
          const base = put(log, pairs, { isGzipped })
          for (const [index, [key, value]] of pairs.entries()) {
            last.set(key, { offset: base + index, isTombstone: value === null })
          }
          if (isCompactedAfter) log.compact(POLICY, NOW_MS)
        }
        log.compact({ ...POLICY, deleteRetention_ms: 1e9 }, NOW_MS)
        expect(new Set(contents(log))).toEqual(new Set([...last].map(([key, { offset }]) => `${offset}:${key}`)))
      }),
    )
  })
})

describe('the share of new bytes', () => {
  test('is all of an uncleaned log, nothing right after compaction, and grows with what is appended', () => {
    const log = new PartitionLog()
    expect(log.dirtyRatio).toBe(0)
    put(log, [['a', '1']])
    put(log, [['b', '1']])
    expect(log.dirtyRatio).toBe(1)
    log.compact(POLICY, NOW_MS)
    expect(log.dirtyRatio).toBe(0)
    put(log, [['c', '1']])
    put(log, [['d', '1']])
    expect(log.dirtyRatio).toBe(0.5)
  })
})

describe('retention', () => {
  test('drops whole batches from the head that are too old or too much, and moves the start', () => {
    const log = new PartitionLog()
    for (const age_ms of [9_000, 5_000, 1_000]) append(log, { records: [{ timestamp_ms: NOW_MS - age_ms }, {}] })
    const unlimited = Number.POSITIVE_INFINITY
    log.applyRetention({ retention_ms: 6_000, retention_bytes: unlimited }, NOW_MS)
    expect([log.startOffset, log.endOffset]).toEqual([2, 6])
    log.applyRetention({ retention_ms: unlimited, retention_bytes: log.size_bytes / 2 }, NOW_MS)
    expect([log.startOffset, log.endOffset]).toEqual([4, 6])
    log.applyRetention({ retention_ms: 0, retention_bytes: unlimited }, NOW_MS)
    expect([log.startOffset, log.endOffset, log.size_bytes]).toEqual([6, 6, 0])
  })

  test('waits for an open transaction', () => {
    const log = new PartitionLog()
    put(log, [['a', '1']], inTransaction(7, 0))
    log.applyRetention({ retention_ms: 0, retention_bytes: 0 }, NOW_MS)
    expect(log.startOffset).toBe(0)
  })
})

describe('a compaction in steps', () => {
  const LARGE = 'x'.repeat(100_000)

  /** A log of two megabytes, in which every second record is superseded, and a compaction that has begun with it. */
  function begun() {
    const log = new PartitionLog()
    for (let number = 0; number < 20; number++) put(log, [[`key-${Math.floor(number / 2)}`, `${number} ${LARGE}`]])
    const steps = log.compacting(POLICY, NOW_MS)
    expect(steps.next()).toEqual({ done: false, value: 0 })
    return { log, steps }
  }
  const kept = Array.from({ length: 10 }, (_, number) => `${2 * number + 1}:key-${number}`)

  test('changes nothing before its last step', () => {
    const { log, steps } = begun()
    const before = contents(log)
    let count = 1
    let removed = 0
    for (const records of steps) {
      count++
      if (records === 0) expect(contents(log)).toEqual(before)
      removed += records
    }
    expect(count).toBeGreaterThan(4)
    expect(removed).toBe(10)
    expect(contents(log)).toEqual(kept)
    expect(log.dirtyRatio).toBe(0)
  })

  test('keeps what is appended meanwhile, and counts it as new', () => {
    const { log, steps } = begun()
    put(log, [['key-0', LARGE]])
    put(log, [['key-0', 'last']])
    for (const _ of steps);
    expect(contents(log)).toEqual([...kept, '20:key-0', '21:key-0'])
    expect(log.dirtyRatio).toBeGreaterThan(0.05)
    log.compact(POLICY, NOW_MS)
    expect(contents(log)).toEqual([...kept.slice(1), '21:key-0'])
  })

  test.each<[string, (log: PartitionLog) => void]>([
    ['deleted', (log) => void log.deleteRecordsBefore(5)],
    ['compacted', (log) => void log.compact(POLICY, NOW_MS)],
  ])('leaves a log alone of which records were %s meanwhile', (_, change) => {
    const { log, steps } = begun()
    change(log)
    const left = contents(log)
    for (const removed of steps) expect(removed).toBe(0)
    expect(contents(log)).toEqual(left)
  })
})
