import { expect, test } from 'vitest'
import { ERASED_PER_RECORD_MAX, takeErasures } from '../../../lib/stream/erasure.ts'
import { slicesOfTwo } from '../../../lib/stream/slices.ts'
import type { Outcome, OutcomeKind } from '../../../schemas/types.ts'
import { accountValue } from './records.ts'

const END_MS = 60_000

function outcome(account_id: string, event_time_ms: number, kind: OutcomeKind): Outcome {
  return { event_id: null, event_time_ms, account_id, outcome: kind, alert_id: null, reason_code: null }
}

test('what was said about an account up to its erasure goes with it, what was said later or about others stays', () => {
  const outcomes = [
    outcome('b', 20, 'erased'),
    outcome('a', 5, 'banned'),
    outcome('a', 10, 'erased'),
    outcome('a', 11, 'cleared'),
    outcome('c', 5, 'banned'),
  ]
  const accounts = [accountValue('a', 10), accountValue('a', 11), accountValue('b', 20), accountValue('c', 1)]
  const { erased, hop } = takeErasures({ hop: 0, end_ms: END_MS, records: { outcomes, accounts }, late: new Set() })
  expect(erased).toEqual(['a', 'b'])
  expect(hop.records.outcomes).toEqual([outcomes[3], outcomes[4]])
  expect(hop.records.accounts).toEqual([accounts[1], accounts[3]])
})

test('of several erasures of one account in a hop the last one counts', () => {
  const outcomes = [outcome('a', 10, 'erased'), outcome('a', 20, 'banned'), outcome('a', 30, 'erased')]
  const { erased, hop } = takeErasures({ hop: 0, end_ms: END_MS, records: { outcomes }, late: new Set() })
  expect(erased).toEqual(['a'])
  expect(hop.records.outcomes).toEqual([])
})

test('two lists are cut side by side, and nothing of the longer one is lost', () => {
  expect(slicesOfTwo([[1, 2, 3], 2], [['a'], 5])).toEqual([
    [[1, 2], ['a']],
    [[3], []],
  ])
  expect(slicesOfTwo([[], 2], [['a', 'b', 'c'], 1])).toEqual([
    [[], ['a']],
    [[], ['b']],
    [[], ['c']],
  ])
  expect(slicesOfTwo([[], 2], [[], ERASED_PER_RECORD_MAX])).toEqual([[[], []]])
})
