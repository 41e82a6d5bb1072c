import { describe, expect, it } from 'vitest'
import { RECENT_MATCHES, recentMatches } from '../../../../lib/evaluation/baselines/recent-matches.ts'
import type { Method } from '../../../../lib/evaluation/method.ts'
import { account, HOUR_MS, request } from './records.ts'

const NAMES = ['a', 'b', 'c']

function accused(method: Method): string[] {
  return [...new Set(method.finish().findings.flatMap(({ accounts }) => accounts.map(({ account_id }) => account_id)))]
}

describe('B7 with matches that expire', () => {
  it('accuses three organisations that are on one network within an hour, and not over a day', () => {
    const together = recentMatches()
    const apart = recentMatches()
    for (const [n, id] of NAMES.entries()) {
      together.take('requests', request(id, n * 1_000, 1))
      apart.take('requests', request(id, n * (HOUR_MS + 1), 1))
    }
    expect(accused(together)).toEqual(NAMES)
    expect(accused(apart)).toEqual([])
  })

  it('keeps payments for good, so that a chain over both is one component', () => {
    const method = recentMatches()
    for (const id of ['a', 'b']) method.take('accounts', account(id, { org_id: id, payment_hash: 7 }))
    method.take('accounts', account('c', { org_id: 'c', payment_hash: 8 }))
    for (const id of ['b', 'c']) method.take('requests', request(id, 50 * HOUR_MS, 1))
    expect(accused(method)).toEqual(NAMES)
  })

  it('links nobody through a network with more accounts than the ceiling, nor accounts of one organisation', () => {
    const crowd = recentMatches()
    for (let n = 0; n <= RECENT_MATCHES.holders_max; n++) crowd.take('requests', request(`user-${n}`, n, 1))
    const house = recentMatches()
    for (const id of NAMES) house.take('accounts', account(id, { org_id: 'house', payment_hash: 7 }))
    house.take('requests', request('a', 1, 1))
    expect([accused(crowd), accused(house)]).toEqual([[], []])
  })
})
