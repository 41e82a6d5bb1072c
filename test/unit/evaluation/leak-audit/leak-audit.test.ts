import { describe, expect, it } from 'vitest'
import type { Label } from '../../../../lib/evaluation/label.ts'
import { LeakAudit } from '../../../../lib/evaluation/leak-audit/leak-audit.ts'
import type { Separation } from '../../../../lib/evaluation/leak-audit/separation.ts'
import { createRandom, type Random } from '../../../../producers/sample/random.ts'
import { account, asks, type InputEvent, request } from '../../../helpers/traffic.ts'

interface Planted {
  readonly level?: number
  readonly accounts?: number
  readonly request?: (random: Random) => InputEvent
  readonly account?: (random: Random) => InputEvent
}

/** Two hundred benign accounts and sixty malicious ones that differ in nothing but what is planted. */
function auditOf({ level = 1, accounts = 60, ...planted }: Planted): Separation[] {
  const labels: Label[] = []
  const records: InputEvent[] = []
  const random = createRandom('leak audit')
  for (let index = 0; index < 200 + accounts; index++) {
    const malicious = index >= 200
    const account_id = `acct-${random.int(1_000_000)}-${index}`
    labels.push({
      account_id,
      label: malicious ? 'malicious' : 'benign',
      campaign_id: malicious ? 'M1-00' : null,
      role: 'head',
      scenario: malicious ? 'M1' : 'backbone',
      first_event: null,
      last_event: null,
      level: malicious ? level : null,
    })
    const facts = malicious ? planted.account?.(random) : {}
    records.push(account({ account_id, at: 0 }, { plan: random.pick(['free', 'team']), ...facts }))
    for (let call = 0; call < 10; call++) {
      const fields = {
        event_id: `e${random.int(1e9)}`,
        usage: { input_tokens: random.int(5_000), output_tokens: random.int(5_000) },
        client: { asn: random.int(10), ip: `10.0.${random.int(200)}.1` },
        content: asks('?'.repeat(1 + random.int(300))),
        params: { max_tokens: random.pick([256, 1_024]), ...(random.chance(0.5) ? { top_p: 0.9 } : {}) },
        response: { status: random.chance(0.9) ? 200 : 429, latency_ms: random.between(100, 9_000) },
      }
      const changes = malicious ? planted.request?.(random) : {}
      records.push(request({ account_id, at: random.between(0, 5_000) }, { ...fields, ...changes }))
    }
  }
  const audit = new LeakAudit(labels)
  for (const record of records) audit.take(record)
  return audit.separations()
}

const leaks = (separations: readonly Separation[]) =>
  separations.filter(({ verdict }) => verdict === 'leak').map(({ of, field, stump }) => `${of} ${field} ${stump}`)

describe('the leak audit', () => {
  it('finds nothing where the classes differ in nothing', () => {
    const separations = auditOf({})
    expect(separations.length).toBeGreaterThan(50)
    expect(leaks(separations)).toEqual([])
    expect(separations[0]!.auc).toBeLessThan(0.75)
  })

  it('finds a number that is too high', () => {
    const planted = auditOf({ request: (random) => ({ usage: { output_tokens: random.between(4_800, 6_000) } }) })
    expect(leaks(planted)).toContain('request usage.output_tokens threshold')
  })

  it('finds a band in the middle of a number, which no threshold separates', () => {
    const planted = auditOf({
      request: (random) => ({ response: { status: 200, latency_ms: random.between(4_000, 4_200) } }),
    })
    expect(leaks(planted)).toContain('request response.latency_ms categories')
    expect(leaks(planted)).not.toContain('request response.latency_ms threshold')
  })

  it('finds a category, in requests and in accounts', () => {
    const client = auditOf({ request: () => ({ client: { asn: 3, ip: '10.9.9.9' } }) })
    expect(leaks(client)).toEqual(expect.arrayContaining(['request client.ip categories']))
    const plan = auditOf({ account: () => ({ plan: 'enterprise' }) })
    expect(leaks(plan)).toEqual(
      expect.arrayContaining([
        'account plan categories',
        'request account.plan categories',
        'account plan: length threshold',
      ]),
    )
  })

  it('finds that a field is there, and that it is missing', () => {
    expect(leaks(auditOf({ request: () => ({ session_id: 'one' }) }))).toContain('request session_id presence')
    expect(leaks(auditOf({ request: () => ({ client: null }) }))).toContain('request client.asn presence')
  })

  it('judges the values of a field that is not always there, unless it is hardly ever', () => {
    const withTopP = (share: number) =>
      auditOf({ request: (random) => ({ params: random.chance(share) ? { top_p: 0.1 } : {} }) })
    expect(leaks(withTopP(0.5))).toContain('request params.top_p categories')
    expect(leaks(withTopP(0.15)).filter((leak) => leak.includes('top_p'))).toEqual([])
  })

  it("finds the shape of an id, and an id's value not", () => {
    const planted = auditOf({ request: (random) => ({ event_id: `m${random.int(1e9)}` }) })
    expect(leaks(planted)).toContain('request event_id: prefix categories')
    const ids = planted.filter(({ field }) => field === 'event_id' || field === 'account_id')
    expect(ids.length).toBeGreaterThan(0)
    for (const { auc } of ids) expect(auc).toBeLessThan(0.6)
  })

  it('finds times that were cut to the second', () => {
    const planted = auditOf({
      request: (random) => ({ event_time: new Date(Date.UTC(2026, 2, 4) + 1_000 * random.int(80_000)).toISOString() }),
    })
    expect(leaks(planted)).toContain('request event_time: millisecond categories')
  })

  it('lists at level 0 what separates, and calls it no leak', () => {
    const planted = auditOf({ level: 0, account: () => ({ plan: 'enterprise' }) })
    expect(leaks(planted)).toEqual([])
    expect(planted.filter(({ verdict }) => verdict === 'separates').map(({ field }) => field)).toContain('plan')
  })

  it('shows what the requests of an account come to, and does not fail on it', () => {
    const planted = auditOf({ request: () => ({ response: { status: 429 } }) })
    const shares = planted.filter(({ field }) => field === 'share of status 200')
    expect(shares).toMatchObject([{ of: 'aggregate', verdict: 'derived' }])
  })

  it('does not judge from a handful of accounts', () => {
    const planted = auditOf({ accounts: 4, account: () => ({ plan: 'enterprise' }) })
    expect(leaks(planted)).toEqual([])
  })

  it('counts records of accounts without a label', () => {
    const audit = new LeakAudit([])
    audit.take(request({ account_id: 'stranger', at: 0 }))
    expect(audit.unlabelled).toBe(1)
  })
})
