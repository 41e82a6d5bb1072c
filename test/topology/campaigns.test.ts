import { describe, expect, test } from 'vitest'
import { accountsOf, campaign, crowd } from '../helpers/campaigns.ts'
import { everAccused, lastRevisions, runTopology } from '../helpers/topology.ts'
import {
  account,
  asks,
  clientOf,
  inOrder,
  outcome,
  REASONING_WRAPPER,
  request,
  tick,
  timeAt,
} from '../helpers/traffic.ts'

const ids = (members: readonly { account_id: string }[]) => members.map(({ account_id }) => account_id).sort()
const HOUR = 60

describe('a campaign', () => {
  const { alerts, decisions } = runTopology(inOrder([...crowd(), ...campaign(), tick(40)]))

  test('is one alert that names its accounts and nobody else, at most to be verified', () => {
    expect(lastRevisions(alerts)).toHaveLength(1)
    expect(alerts.at(-1)).toMatchObject({ status: 'open', score_basis: 'rule', recommended_action: 'verify' })
    expect(ids(alerts.at(-1)?.accounts ?? [])).toEqual(accountsOf('head', 12).sort())
  })

  test('brings a shadow decision about every account, which names its alert and policy and expires', () => {
    expect(ids(decisions)).toEqual(accountsOf('head', 12).sort())
    for (const { decision } of decisions) {
      expect(decision).toMatchObject({ mode: 'shadow', action: 'verify', status: 'active', policy_version: '1' })
      expect(decision?.alert_id).toBe(alerts[0]?.alert_id)
      expect((decision?.expires_at_ms ?? 0) - (decision?.issued_at_ms ?? 0)).toBe(72 * 3_600_000)
    }
  })
})

describe('nobody is accused', () => {
  const accusedBy = (events: Parameters<typeof inOrder>[0]) => [...everAccused(runTopology(inOrder(events)).alerts)]

  test('whose contract allows distillation, though the others of the cluster are', () => {
    const exempt = account(
      { account_id: 'head-3', at: 0.01 },
      { contract_flags: ['authorised_distillation'], payment_fingerprint: 'card-of-head-1' },
    )
    const accused = accusedBy([...crowd(), ...campaign(), exempt, tick(40)])
    expect(accused.sort()).toEqual(
      accountsOf('head', 12)
        .filter((id) => id !== 'head-3')
        .sort(),
    )
  })

  test('when all the accounts belong to one organisation', () => {
    expect(accusedBy([...crowd(), ...campaign({ accounts: 40, facts: { org_id: 'one-customer' } }), tick(40)])).toEqual(
      [],
    )
  })

  test('when two organisations share, which is fewer than it takes', () => {
    expect(accusedBy([...crowd(), ...campaign({ accounts: 2, cards: 1 }), tick(40)])).toEqual([])
  })

  test('when the shared instruction asks for nothing that extraction is after', () => {
    const wrapper = 'Reply in the tone of a friendly hotel receptionist and mention the opening hours of the spa.'
    expect(accusedBy([...crowd(), ...campaign({ wrapper }), tick(40)])).toEqual([])
  })

  test('when 500 accounts of 500 organisations adopt a released agent: one system prompt, one client, one model, at their limit', () => {
    const system = `You are Courier, an agent. ${REASONING_WRAPPER} Grade the quality of every response from 1 to 10.`
    const adopters = Array.from({ length: 500 }, (_, index) => {
      const account_id = `adopter-${index}`
      const requests = [0, 7, 14, 21].map((minute) =>
        request(
          { account_id, at: 1 + minute + index / 500 },
          {
            content: asks(`Please deliver parcel ${index} of ${minute}.`, system),
            client: clientOf(account_id, 'courier-1.0'),
            response: { status: minute >= 14 ? 429 : 200, latency_ms: 500 },
          },
        ),
      )
      return [account({ account_id, at: 0.5 }, { created_at: timeAt(-60), plan: 'free' }), ...requests]
    }).flat()
    const settings = { detectors: { 'new-account-at-ceiling': { requests_min: 3, rate_limited_min: 1 } } }
    const { alerts, counters } = runTopology(inOrder([...crowd(), ...adopters, tick(40)]), { settings })
    expect(counters.detectors?.['new-account-at-ceiling_hit']).toBeGreaterThan(400)
    expect(counters.campaigns?.links).toBeGreaterThan(1_000)
    // Seen, and told as an observation: silence about everything would pass the last line too.
    expect(lastRevisions(alerts)).toMatchObject([{ severity: 'low', recommended_action: 'observe' }])
    expect([...everAccused(alerts)]).toEqual([])
  })

  test('when an agency with one card and a house style of its own is among the 500 who adopt a released agent', () => {
    const system = `You are Courier, an agent. ${REASONING_WRAPPER}`
    const style = 'Reply in the tone of a friendly hotel receptionist and mention the opening hours of the spa.'
    const adopters = Array.from({ length: 500 }, (_, index) => {
      const account_id = `adopter-${index}`
      const isOfAgency = index < 4
      const requests = [0, 7, 14].map((minute) => {
        const question = `Please deliver parcel ${index} of ${minute}.`
        const content = asks(isOfAgency ? `${question}\n\n${style}` : question, system)
        return request(
          { account_id, at: 1 + minute + index / 500 },
          { content, client: clientOf(account_id, 'courier-1.0') },
        )
      })
      const card = isOfAgency ? { payment_fingerprint: 'card-of-agency' } : {}
      return [account({ account_id, at: 0.5 }, card), ...requests]
    }).flat()
    const { alerts } = runTopology(inOrder([...crowd(), ...adopters, tick(40)]))
    expect(alerts.length).toBeGreaterThan(0)
    expect([...everAccused(alerts)]).toEqual([])
  })
})

describe('revisions', () => {
  const grows = [
    ...crowd(400),
    ...campaign({ accounts: 10, until: 200 }),
    ...campaign({
      name: 'tenth',
      accounts: 1,
      cards: 1,
      from: 20,
      until: 200,
      facts: { payment_fingerprint: 'card-of-head-0' },
    }),
    ...campaign({
      name: 'later',
      accounts: 6,
      cards: 2,
      from: 30,
      until: 200,
      facts: { payment_fingerprint: 'card-of-head-0' },
    }),
    tick(200),
  ]
  const { alerts } = runTopology(inOrder(grows))
  const times = alerts.map(({ event_time_ms }) => event_time_ms)

  test('of one alert come at most hourly, and count up from one', () => {
    expect(new Set(alerts.map(({ alert_id }) => alert_id)).size).toBe(1)
    expect(alerts.length).toBeGreaterThan(1)
    expect(alerts.map(({ revision }) => revision)).toEqual(alerts.map((_, index) => index + 1))
    expect(alerts.map(({ status }) => status)).toEqual(['open', ...alerts.slice(1).map(() => 'updated')])
    for (const [index, time_ms] of times.slice(1).entries())
      expect(time_ms - (times[index] ?? 0)).toBeGreaterThanOrEqual(HOUR * 60_000)
  })

  test('come when the accused have grown by a fifth or the severity has changed', () => {
    for (const [index, alert] of alerts.slice(1).entries()) {
      const before = alerts[index]
      const grown = alert.accounts.length >= (before?.accounts.length ?? 0) * 1.2
      expect(grown || alert.severity !== before?.severity).toBe(true)
    }
    expect(alerts.at(-1)?.accounts).toHaveLength(17)
  })
})

describe('a cleared account', () => {
  const cleared = (accounts: string[]) => accounts.map((account_id) => outcome({ account_id, at: 12 }))
  const run = (accounts: string[]) =>
    runTopology(inOrder([...crowd(), ...campaign({ until: 40 }), ...cleared(accounts), tick(40)]))
  const minuteOf = (time_ms: number | undefined) => new Date(time_ms ?? 0).getUTCMinutes()

  test('leaves the alert in the hop after, and its decision is revoked', () => {
    const { alerts, decisions } = run(['head-0'])
    expect(alerts).toHaveLength(2)
    expect(minuteOf(alerts[1]?.event_time_ms)).toBe(14)
    expect(ids(alerts[1]?.accounts ?? [])).toEqual(accountsOf('head', 12).slice(1).sort())
    expect(
      decisions.filter(({ account_id }) => account_id === 'head-0').map(({ decision }) => decision?.status),
    ).toEqual(['active', 'revoked'])
  })

  test('leaves at once though the severity falls with it', () => {
    const { alerts, decisions } = run(accountsOf('head', 12))
    expect(alerts.at(-1)?.accounts).toEqual([])
    expect(minuteOf(alerts.at(-1)?.event_time_ms)).toBe(14)
    expect(decisions.filter(({ decision }) => decision?.status === 'revoked')).toHaveLength(12)
  })

  test('leaves at once though another one joins in the same hop', () => {
    const joins = campaign({
      name: 'new',
      accounts: 1,
      cards: 1,
      from: 13,
      until: 40,
      every: 0.2,
      facts: { payment_fingerprint: 'card-of-head-0' },
    })
    const { alerts } = runTopology(
      inOrder([...crowd(), ...campaign({ until: 40 }), ...joins, ...cleared(['head-0']), tick(40)]),
    )
    expect(ids(alerts.at(-1)?.accounts ?? [])).not.toContain('head-0')
    expect(minuteOf(alerts.at(-1)?.event_time_ms)).toBe(14)
  })

  test('leaves the alert about it alone at once, whether or not it goes on', () => {
    const settings = { detectors: { 'logprob-probing': { probes_min: 20, ids_min: 20 } } }
    const probes = Array.from({ length: 60 }, (_, index) =>
      request(
        { account_id: 'prober', at: 1 + index / 10 },
        {
          content: asks('The'),
          params: { max_tokens: 1, top_logprobs: 5, logit_bias_ids: [index] },
        },
      ),
    )
    const { alerts } = runTopology(inOrder([...probes, outcome({ account_id: 'prober', at: 12 }), tick(30)]), {
      settings,
    })
    expect(alerts.map(({ status, accounts }) => [status, accounts.length])).toEqual([
      ['open', 1],
      ['withdrawn', 0],
    ])
    expect(minuteOf(alerts[1]?.event_time_ms)).toBe(14)
  })
})

describe('decisions', () => {
  const events = [...crowd(), ...campaign({ until: 20 }), tick(30)]

  test('beyond the breaker are recorded as capped', () => {
    const { decisions, counters } = runTopology(inOrder(events), {
      settings: { enforcement: { actions_per_alert_hour_max: 5 } },
    })
    expect(decisions.map(({ decision }) => decision?.status).sort()).toEqual([
      ...Array(5).fill('active'),
      ...Array(7).fill('capped'),
    ])
    expect(counters.enforcement).toMatchObject({ decisions: 5, capped: 7 })
  })

  test('that are in force are not taken back by the breaker when their alert is revised', () => {
    const settings = { enforcement: { actions_per_alert_hour_max: 12 }, campaigns: { revision_interval_minutes: 2 } }
    const joins = campaign({
      name: 'new',
      accounts: 6,
      cards: 1,
      from: 10,
      until: 20,
      facts: { payment_fingerprint: 'card-of-head-0' },
    })
    const { decisions, alerts } = runTopology(inOrder([...events, ...joins]), { settings })
    expect(alerts.length).toBeGreaterThan(1)
    expect(
      decisions.filter(({ decision, account_id }) => decision?.status === 'capped' && account_id.startsWith('head')),
    ).toEqual([])
  })

  test('expire with a tombstone', () => {
    const { decisions, counters } = runTopology(inOrder([...events, tick(60)]), {
      settings: { enforcement: { verify_hours: 0.25 } },
    })
    expect(decisions.filter(({ decision }) => decision === null)).toHaveLength(12)
    expect(counters.enforcement).toMatchObject({ expired: 12, decisions_held: 0 })
  })

  test('are revoked once, however many revisions follow', () => {
    const settings = { campaigns: { revision_interval_minutes: 2, revision_growth_ratio: 1.01 } }
    const joins = [12, 15, 18].flatMap((from) =>
      campaign({
        name: `new-${from}`,
        accounts: 3,
        cards: 1,
        from,
        until: 30,
        facts: { payment_fingerprint: 'card-of-head-0' },
      }),
    )
    const { decisions, alerts } = runTopology(
      inOrder([...events, ...joins, outcome({ account_id: 'head-0', at: 9 })]),
      { settings },
    )
    expect(alerts.length).toBeGreaterThan(3)
    const own = decisions.filter(({ account_id }) => account_id === 'head-0').map(({ decision }) => decision?.status)
    expect(own.filter((status) => status === 'revoked')).toHaveLength(1)
  })
})
