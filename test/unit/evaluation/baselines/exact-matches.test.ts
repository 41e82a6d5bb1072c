import { describe, expect, it } from 'vitest'
import { EXACT_MATCHES, exactMatches } from '../../../../lib/evaluation/baselines/exact-matches.ts'
import type { Finding } from '../../../../lib/evaluation/method.ts'
import { account, request } from './records.ts'

describe('B7, exact matches', () => {
  it('accuses a component when a third organisation joins it, whichever the matches', () => {
    const method = exactMatches()
    method.take('accounts', account('a', { payment_hash: 1 }))
    method.take('accounts', account('b', { payment_hash: 1, signup_network_hash: 7, event_time_ms: 10 }))
    method.take('accounts', account('c', { event_time_ms: 20 }))
    method.take('requests', request('c', 30, 7))
    const { findings, accountScores } = method.finish()
    expect(findings.map(namesOf)).toEqual([['B7:a', 30, ['a', 'b', 'c']]])
    expect(accountScores.get('c')).toBeCloseTo(2 / 3)
  })

  it('accuses nobody for what accounts of two organisations share', () => {
    const method = exactMatches()
    for (const [id, org_id] of [
      ['a1', 'A'],
      ['a2', 'A'],
      ['b1', 'B'],
      ['b2', 'B'],
    ] as const)
      method.take('accounts', account(id, { org_id, payment_hash: 1 }))
    method.take('accounts', account('stranger', { payment_hash: 2 }))
    const { findings, accountScores } = method.finish()
    expect(findings).toEqual([])
    expect([accountScores.get('b2'), accountScores.get('stranger')]).toEqual([0.5, 0])
  })

  it('takes a payment and a network of one number for different things', () => {
    const method = exactMatches()
    for (const [n, id] of ['a', 'b', 'c'].entries()) {
      method.take('accounts', account(id, { payment_hash: n, signup_network_hash: n + 1_000 }))
      method.take('requests', request(id, n, n + 2))
    }
    expect(method.finish().findings).toEqual([])
  })

  it('tells of a component again when it has grown by a fifth', () => {
    const method = exactMatches()
    for (let n = 0; n < 13; n++) method.take('accounts', account(`a${n}`, { payment_hash: 1, event_time_ms: n }))
    const sizes = method.finish().findings.map(({ accounts }) => accounts.length)
    expect(sizes).toEqual([3, 4, 5, 6, 8, 10, 12])
  })

  it('lets a swallowed finding stand until the one that swallowed it is told again', () => {
    const standing = (later: number) => {
      const method = exactMatches()
      const join = (id: string, payment_hash: number, event_time_ms: number) =>
        method.take('accounts', account(id, { payment_hash, event_time_ms }))
      // Told at 22 of them, and the next time at 27.
      for (let n = 0; n < 23; n++) join(`a${n}`, 1, n)
      for (const id of ['x', 'y', 'z']) join(id, 2, 30)
      method.take('requests', request('a0', 50, 9))
      method.take('requests', request('z', 60, 9))
      for (let n = 0; n < later; n++) join(`b${n}`, 1, 70)
      const last = new Map(method.finish().findings.map(({ finding_id, accounts }) => [finding_id, accounts.length]))
      return [...last].filter(([, accounts]) => accounts > 0)
    }
    expect(standing(0)).toEqual([
      ['B7:a0', 22],
      ['B7:x', 3],
    ])
    expect(standing(1)).toEqual([['B7:a0', 27]])
  })

  it('writes down no more than a few times the accounts there are, however many groups are swallowed', () => {
    const method = exactMatches()
    const trios = 400
    for (let trio = 0; trio < trios; trio++) {
      for (const n of [0, 1, 2])
        method.take('accounts', account(`${trio}-${n}`, { payment_hash: trio, event_time_ms: trio }))
      method.take('requests', request(`${trio}-0`, trio, 9))
    }
    const written = method.finish().findings.reduce((sum, { accounts }) => sum + accounts.length, 0)
    expect(written).toBeLessThan(10 * 3 * trios)
  })

  it('takes the smaller of two findings back when they turn out to be one', () => {
    const method = exactMatches()
    for (const [n, id] of ['a', 'b', 'c', 'd', 'x', 'y', 'z'].entries())
      method.take('accounts', account(id, { payment_hash: id < 'x' ? 1 : 2, event_time_ms: n }))
    method.take('requests', request('a', 50, 9))
    method.take('requests', request('z', 60, 9))
    const { findings } = method.finish()
    expect(findings.slice(-2).map(namesOf)).toEqual([
      ['B7:x', 60, []],
      ['B7:a', 60, ['a', 'b', 'c', 'd', 'x', 'y', 'z']],
    ])
  })

  it('links nothing through objects beyond its ceiling', () => {
    const method = exactMatches({ ...EXACT_MATCHES, objects_max: 1 })
    method.take('accounts', account('other', { payment_hash: 1 }))
    for (const id of ['a', 'b', 'c']) method.take('accounts', account(id, { payment_hash: 2 }))
    expect(method.finish().findings).toEqual([])
  })
})

function namesOf({ finding_id, event_time_ms, accounts }: Finding): [string, number, string[]] {
  return [finding_id, event_time_ms, accounts.map(({ account_id }) => account_id)]
}
