import { describe, expect, it } from 'vitest'
import { cisaIndicators } from '../../../../lib/evaluation/baselines/cisa-indicators.ts'
import type { Request } from '../../../../schemas/types.ts'
import { account, HOUR_MS, request } from './records.ts'

describe('B1, the vote of five indicators', () => {
  it('accuses a new account that empties its quota from two networks, at the moment of the third vote', () => {
    const method = cisaIndicators()
    method.take('accounts', account('new', { created_at_ms: 0, monthly_quota_tokens: 1_000 }))
    for (let n = 0; n < 5; n++) method.take('requests', call('new', n * 1_000, 50, n))
    const { findings, accountScores } = method.finish()
    expect(findings).toMatchObject([{ finding_id: 'B1:new', event_time_ms: 1_000, accounts: [{ account_id: 'new' }] }])
    expect(accountScores.get('new')).toBeGreaterThanOrEqual(0.6)
    expect(accountScores.get('new')).toBeLessThan(0.7)
  })

  it('accuses a lesser plan with the throughput of an enterprise when it never rests', () => {
    const method = cisaIndicators()
    method.take('accounts', account('house', { plan: 'enterprise', monthly_quota_tokens: 72_000 }))
    method.take('accounts', account('steady', { plan: 'team', monthly_quota_tokens: 7_200 }))
    for (let hour = 0; hour < 50; hour++)
      for (const id of ['house', 'steady']) method.take('requests', call(id, hour * HOUR_MS, 100, 1))
    expect(method.finish().findings).toMatchObject([{ finding_id: 'B1:steady' }])
  })

  it('does not accuse an established account of two indicators', () => {
    const method = cisaIndicators()
    method.take('accounts', account('old', { created_at_ms: -100 * 24 * HOUR_MS, monthly_quota_tokens: 1_000 }))
    for (let n = 0; n < 6; n++) method.take('requests', call('old', n, 50, n))
    const { findings, accountScores } = method.finish()
    expect(findings).toEqual([])
    expect(accountScores.get('old')).toBeGreaterThanOrEqual(0.36)
    expect(accountScores.get('old')).toBeLessThan(0.5)
  })

  it('lets indicators vote only on what is known of an account', () => {
    const method = cisaIndicators()
    for (let hour = 0; hour < 60; hour++) method.take('requests', call('unknown', hour * HOUR_MS, 1e9, 1))
    const { findings, accountScores } = method.finish()
    expect(findings).toEqual([])
    expect(accountScores.get('unknown')).toBeLessThan(0.3)
  })
})

/** From a network and a client of this number. */
function call(account_id: string, end_time_ms: number, output_tokens: number, place: number): Request {
  const base = request(account_id, end_time_ms, place)
  return { ...base, client: { ...base.client, tuple_hash: place }, usage: { ...base.usage, output_tokens } }
}
