import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AbortedTransaction, abortedRecords, type FetchedRecord } from '../../../lib/kafka/aborted-records.ts'

const ABORT = 0
const COMMIT = 1

function data(offset: number, producerId: string, inTransaction = true): FetchedRecord {
  return {
    offset: String(offset),
    key: Buffer.from([0, 0, 0, 0]),
    isControlRecord: false,
    batchContext: { producerId, inTransaction },
  }
}

function marker(offset: number, producerId: string, type: number): FetchedRecord {
  const key = Buffer.from([0, 0, 0, type])
  return { offset: String(offset), key, isControlRecord: true, batchContext: { producerId, inTransaction: true } }
}

const offsets = (records: readonly FetchedRecord[]) => records.map(({ offset }) => Number(offset))

test('hides a transaction that began first and was aborted last', () => {
  const records = [data(0, 'a'), data(1, 'b'), marker(2, 'b', ABORT), data(3, 'a'), marker(4, 'a', ABORT), data(5, 'a')]
  const transactions = [
    { producerId: 'b', firstOffset: '1' },
    { producerId: 'a', firstOffset: '0' },
  ]
  expect(offsets(abortedRecords(records, transactions))).toEqual([0, 1, 3])
})

test('hides every transaction that was open where the fetch begins', () => {
  const transactions = [
    { producerId: 'a', firstOffset: '0' },
    { producerId: 'b', firstOffset: '3' },
    { producerId: 'c', firstOffset: '5' },
  ]
  const records = [data(10, 'c'), data(11, 'b'), data(12, 'd'), data(13, 'a')]
  expect(offsets(abortedRecords(records, transactions))).toEqual([10, 11, 13])
})

test('leaves what a producer writes outside transactions, and what only looks like a marker', () => {
  const records = [data(0, 'a'), data(1, 'a', false), data(2, 'a')]
  expect(offsets(abortedRecords(records, [{ producerId: 'a', firstOffset: '0' }]))).toEqual([0, 2])
})

// A log as producers write it: each opens a transaction with its first record and ends it with a marker of either kind.
interface Step {
  readonly producer: number
  readonly does: 'write' | 'commit' | 'abort'
}
const steps = fc.array(
  fc.record<Step>({ producer: fc.nat(3), does: fc.constantFrom('write', 'write', 'commit', 'abort') }),
  { maxLength: 40 },
)

test('hides exactly the aborted records, wherever transactions begin, end and overlap and a fetch starts and stops', () => {
  fc.assert(
    fc.property(steps, fc.nat(40), fc.nat(40), (log, from, length) => {
      const records: FetchedRecord[] = []
      const open = new Map<number, number[]>()
      const transactions: (AbortedTransaction & { lastOffset: number })[] = []
      const expected = new Set<number>()
      for (const { producer, does } of log) {
        const offset = records.length
        const own = open.get(producer)
        if (does === 'write') {
          records.push(data(offset, String(producer)))
          open.set(producer, [...(own ?? []), offset])
        } else if (own) {
          records.push(marker(offset, String(producer), does === 'abort' ? ABORT : COMMIT))
          open.delete(producer)
          if (does === 'commit') continue
          for (const each of own) expected.add(each)
          transactions.push({ producerId: String(producer), firstOffset: String(own[0]), lastOffset: offset })
        }
      }
      // Readers of committed data get nothing at or behind the first open transaction.
      const stable = Math.min(records.length, ...[...open.values()].map((own) => own[0] ?? 0))
      const fetched = records.slice(from, Math.min(from + length, stable))
      const last = Number(fetched.at(-1)?.offset ?? -1)
      // As a broker answers: those that overlap what was fetched, in the order in which they ended.
      const answered = transactions.filter(
        ({ firstOffset, lastOffset }) => lastOffset >= from && Number(firstOffset) <= last,
      )
      const wanted = offsets(fetched).filter((offset) => expected.has(offset))
      expect(offsets(abortedRecords(fetched, answered))).toEqual(wanted)
    }),
  )
})
