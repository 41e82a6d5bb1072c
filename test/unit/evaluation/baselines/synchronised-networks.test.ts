import { describe, expect, it } from 'vitest'
import {
  SYNCHRONISED_NETWORKS,
  synchronisedNetworks,
} from '../../../../lib/evaluation/baselines/synchronised-networks.ts'
import type { Method } from '../../../../lib/evaluation/method.ts'
import { HOUR_MS, request } from './records.ts'

describe('B4, synchronised networks', () => {
  it('accuses three accounts that move over networks together, when the first bucket of their third meeting closes', () => {
    const method = synchronisedNetworks()
    for (let hour = 12; hour < 17; hour++) meet(method, hour, hour, ['a', 'b', 'c'])
    const { findings, accountScores } = method.finish()
    expect(findings).toMatchObject([
      {
        event_time_ms: 14.5 * HOUR_MS + SYNCHRONISED_NETWORKS.lateness_ms,
        accounts: [{ account_id: 'a' }, { account_id: 'b' }, { account_id: 'c' }],
      },
    ])
    expect(accountScores.get('a')).toBe(1)
  })

  it('sees accounts that meet across the border of two hours', () => {
    const method = synchronisedNetworks()
    for (let hour = 0; hour < 5; hour++)
      for (const [n, id] of ['a', 'b', 'c'].entries())
        method.take('requests', request(id, (hour + 1) * HOUR_MS + (n - 1) * 1_000, hour))
    expect(
      method
        .finish()
        .findings.at(-1)!
        .accounts.map(({ account_id }) => account_id),
    ).toEqual(['a', 'b', 'c'])
  })

  it('does not accuse accounts that meet once, or two alone, or at other hours', () => {
    const method = synchronisedNetworks()
    meet(method, 0, 1, ['a', 'b', 'c'])
    for (let hour = 0; hour < 6; hour++) meet(method, hour, 2, ['d', 'e'])
    for (let hour = 6; hour < 12; hour++) meet(method, hour, 3, [`f${hour % 3}`])
    expect(method.finish().findings).toEqual([])
  })

  it('does not accuse accounts that meet now and then among much else', () => {
    const method = synchronisedNetworks()
    for (let hour = 0; hour < 12; hour++) {
      if (hour % 4 === 0) meet(method, hour, 1, ['a', 'b', 'c'])
      for (const [n, id] of ['a', 'b', 'c'].entries()) meet(method, hour, 10 + n, [id])
    }
    const { findings, accountScores } = method.finish()
    expect(findings).toEqual([])
    expect(accountScores.get('a')).toBeLessThan(SYNCHRONISED_NETWORKS.similarity_min)
  })

  it('skips a network in an hour in which more accounts are on it than the ceiling', () => {
    const crowd = ['a', 'b', 'c', 'd']
    const run = (network_accounts_max: number) => {
      const method = synchronisedNetworks({ ...SYNCHRONISED_NETWORKS, network_accounts_max })
      for (let hour = 0; hour < 4; hour++) meet(method, hour, 1, crowd)
      return method.finish().findings.length
    }
    expect(run(crowd.length)).toBeGreaterThan(0)
    expect(run(crowd.length - 1)).toBe(0)
  })
})

function meet(method: Method, hour: number, network: number, accounts: readonly string[]): void {
  for (const id of accounts) method.take('requests', request(id, hour * HOUR_MS + 1_000, network))
}
