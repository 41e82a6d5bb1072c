import { describe, expect, it } from 'vitest'
import { rateLimit } from '../../../../lib/evaluation/baselines/rate-limit.ts'
import { HOUR_MS, request } from './records.ts'

describe('B0, the rate limit', () => {
  it('accuses an account at its first request over the limit of an hour', () => {
    const method = rateLimit()
    for (let n = 0; n < 510; n++) method.take('requests', request('busy', n * 7_000))
    const { findings, accountScores } = method.finish()
    expect(findings.map(({ finding_id, event_time_ms }) => [finding_id, event_time_ms])).toEqual([
      ['B0:busy', 500 * 7_000],
    ])
    expect(accountScores.get('busy')).toBe(510 / 500)
  })

  it('accuses an account at its first request over the limit of a minute', () => {
    const method = rateLimit()
    for (let n = 0; n < 61; n++) method.take('requests', request('burst', n * 900))
    expect(method.finish().findings).toMatchObject([{ event_time_ms: 60 * 900, accounts: [{ account_id: 'burst' }] }])
  })

  it('accuses nobody who stays at the limit, over however many hours and accounts', () => {
    const method = rateLimit()
    for (let n = 0; n < 1_000; n++)
      for (const id of ['a', 'b']) method.take('requests', request(id, n * (HOUR_MS / 500)))
    const { findings, accountScores } = method.finish()
    expect(findings).toEqual([])
    expect([...accountScores]).toEqual([
      ['a', 1],
      ['b', 1],
    ])
  })

  it('counts over the border of a clock hour, and forgets what is older than one', () => {
    const method = rateLimit({ minute_requests_max: 100, hour_requests_max: 2, accounts_max: 10 })
    for (const time_ms of [HOUR_MS - 2, HOUR_MS - 1, HOUR_MS + 1]) method.take('requests', request('border', time_ms))
    for (const time_ms of [0, 1, HOUR_MS, HOUR_MS + 1]) method.take('requests', request('apart', time_ms))
    const { findings, accountScores } = method.finish()
    expect(findings).toMatchObject([{ finding_id: 'B0:border', event_time_ms: HOUR_MS + 1 }])
    expect(accountScores.get('apart')).toBe(1)
  })

  it('scores an account by the limit that it fills more', () => {
    const method = rateLimit({ minute_requests_max: 10, hour_requests_max: 100, accounts_max: 10 })
    for (let n = 0; n < 5; n++) method.take('requests', request('burst', n))
    expect(method.finish().accountScores.get('burst')).toBe(0.5)
  })

  it('watches no more accounts than its ceiling', () => {
    const method = rateLimit({ minute_requests_max: 1, hour_requests_max: 1, accounts_max: 1 })
    for (const id of ['first', 'second', 'second']) method.take('requests', request(id, 0))
    expect([...method.finish().accountScores.keys()]).toEqual(['first'])
  })
})
