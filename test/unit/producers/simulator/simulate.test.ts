import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readRecord } from '../../../../producers/intake/contract.ts'
import { FRAMEWORK_PROMPTS } from '../../../../producers/sample/world.ts'
import { ARRIVAL_DISORDER_MS } from '../../../../producers/simulator/arrivals.ts'
import { SCENARIOS } from '../../../../producers/simulator/scenarios/index.ts'
import { simulate } from '../../../../producers/simulator/simulate.ts'
import { bodyOf, type RequestRecord, runWhole } from './records.ts'

const everything = {
  seed: 5,
  days: 0.5,
  accounts: 200,
  scenarios: SCENARIOS.map(({ name }) => ({ name, rate: 0.2 })),
}

function digest(records: Iterable<object>): string {
  const hash = createHash('sha256')
  for (const record of records) hash.update(JSON.stringify(record))
  return hash.digest('hex')
}

function share<T>(items: readonly T[], is: (item: T) => boolean): number {
  return items.filter(is).length / items.length
}

describe('a simulation', () => {
  const first = runWhole(everything)

  it('is the same to the byte for the same seed, and another for another', () => {
    const again = runWhole(everything)
    expect(digest([...again.events, ...again.labels])).toBe(digest([...first.events, ...first.labels]))
    const other = runWhole({ ...everything, scenarios: [], seed: 6 })
    expect(digest(other.events)).not.toBe(digest(runWhole({ ...everything, scenarios: [] }).events))
  })

  it('writes nothing that the intake refuses', () => {
    const refused = first.events.map(readRecord).filter((read) => 'reason' in read)
    expect(refused).toEqual([])
  })

  it('gives every call an id of its own', () => {
    expect(new Set(first.requests.map(({ event_id }) => event_id)).size).toBe(first.requests.length)
  })

  it('arrives in the order of end_time but for a few seconds', () => {
    let latest_ms = 0
    let late_ms = 0
    for (const { end_time } of first.requests) {
      const end_ms = Date.parse(end_time)
      late_ms = Math.max(late_ms, latest_ms - end_ms)
      latest_ms = Math.max(latest_ms, end_ms)
    }
    expect(late_ms).toBeGreaterThan(0)
    expect(late_ms).toBeLessThanOrEqual(ARRIVAL_DISORDER_MS)
  })

  it('makes every account known before its first request, and labels each once', () => {
    const known = new Set<string>()
    for (const event of first.events as { type: string; account_id: string }[]) {
      if (event.type === 'account') known.add(event.account_id)
      if (event.type === 'request') expect(known.has(event.account_id)).toBe(true)
    }
    expect(first.labels.map(({ account_id }) => account_id).toSorted()).toEqual([...known].toSorted())
  })

  it('accuses no real network', () => {
    for (const { client } of first.requests) expect(client.ip).toMatch(/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./)
  })

  it('turns an enforced account away from that moment on', () => {
    const simulation = simulate({ ...everything, scenarios: [{ name: 'H3', accounts: 1 }], accounts: 0 })
    const statuses = new Map<string, number[]>()
    let enforced_ms = Number.POSITIVE_INFINITY
    for (const event of simulation.events as Iterable<RequestRecord>) {
      if (event.type !== 'request') continue
      const at_ms = Date.parse(event.event_time)
      if (enforced_ms === Number.POSITIVE_INFINITY) {
        enforced_ms = Date.parse(event.end_time) + 60_000
        const { account_id } = event
        simulation.enforce({ account_id, action: 'suspend', from_ms: enforced_ms, until_ms: Number.POSITIVE_INFINITY })
      }
      const when = at_ms < enforced_ms ? 'before' : 'after'
      statuses.set(when, [...(statuses.get(when) ?? []), event.response.status])
    }
    expect(statuses.get('before')).toContain(200)
    expect(new Set(statuses.get('after'))).toEqual(new Set([403]))
  })
})

describe('what a simulation holds', () => {
  /** Peaks of what is in memory, sampled while the events are read. */
  function peaks(days: number): { actors: number; records: number; events: number } {
    const simulation = simulate({ seed: 3, days, accounts: 150, rate: 2, scenarios: [] })
    const peak = { actors: 0, records: 0, events: 0 }
    for (const _ of simulation.events) {
      const { actors, records } = simulation.held()
      peak.actors = Math.max(peak.actors, actors)
      // The accounts of the first moment and those who come later wait from the start: they are the accounts' share.
      if (peak.events++ > 200) peak.records = Math.max(peak.records, records)
    }
    return peak
  }

  it('follows the traffic of the moment and not its length', () => {
    const short = peaks(1)
    const long = peaks(6)
    expect(long.events).toBeGreaterThan(4 * short.events)
    expect(long.actors).toBeLessThan(2 * short.actors)
    expect(long.records).toBeLessThan(long.events / 10)
  })
})

describe('the backbone', () => {
  const { requests, accounts, released_ms, released } = runWhole({ seed: 2, days: 2, accounts: 1_500, scenarios: [] })
  const callsOf = group(requests)

  it('has unrelated accounts share framework prompts, addresses, cards and mail', () => {
    const systems = [...callsOf.values()].map((calls) => calls[0]!.content.system)
    expect(share(systems, (system) => FRAMEWORK_PROMPTS.includes(system ?? ''))).toBeCloseTo(0.3, 1)
    expectAbout(
      0.03,
      share(accounts, ({ email_domain }) => DISPOSABLE.test(email_domain)),
    )
    const egresses = [...callsOf.values()].map((calls) => calls[0]!.client.asn)
    expectAbout(
      0.05,
      share(egresses, (asn) => VPN_ASNS.has(asn)),
    )
    const organisations = new Map<string, Set<string>>()
    for (const { payment_fingerprint, org_id } of accounts)
      if (payment_fingerprint !== null)
        organisations.set(payment_fingerprint, (organisations.get(payment_fingerprint) ?? new Set()).add(org_id))
    const holders = [...organisations.values()].map(({ size }) => size)
    const onSharedCards = holders.filter((size) => size > 1).reduce((sum, size) => sum + size, 0)
    const paying = holders.reduce((sum, size) => sum + size, 0)
    // Of the twentieth that pays by such a card, some are alone on theirs.
    expect(onSharedCards / paying).toBeGreaterThan(0.025)
    expect(onSharedCards / paying).toBeLessThan(0.065)
    const strangers = new Map<string, Set<string>>()
    for (const { client, org_id } of requests)
      strangers.set(client.ip, (strangers.get(client.ip) ?? new Set()).add(org_id))
    expect(Math.max(...[...strangers.values()].map((orgs) => orgs.size))).toBeGreaterThan(10)
  })

  it('has one organisation in five with several keys', () => {
    const keys = new Map<string, number>()
    for (const { org_id } of accounts) keys.set(org_id, (keys.get(org_id) ?? 0) + 1)
    expect(share([...keys.values()], (count) => count > 1)).toBeCloseTo(0.2, 1)
    expect(Math.max(...keys.values())).toBeLessThanOrEqual(20)
  })

  it('does honestly what campaigns do: signatures, biases, refusals, step by step, ceilings of new accounts', () => {
    const emitted = new Map(
      requests.flatMap(({ account_id, response }) => response.reasoning_signatures.map((sig) => [sig, account_id])),
    )
    const presented = requests.flatMap(({ account_id, content }) =>
      content.reasoning_signatures.map((sig) => [sig, account_id] as const),
    )
    expect(presented.length).toBeGreaterThan(0)
    for (const [signature, account_id] of presented) expect(emitted.get(signature)).toBe(account_id)
    expect(requests.some(({ params }) => (params.logit_bias_ids?.length ?? 0) > 1)).toBe(true)
    expect(requests.some(({ response }) => response.refused)).toBe(true)
    expect(requests.some((request) => /step by step/i.test(bodyOf(request)))).toBe(true)
    const atCeiling = accounts.filter(({ account_id, monthly_quota_tokens, created_at }) => {
      const calls = callsOf.get(account_id) ?? []
      const tokens = calls.reduce((sum, { usage }) => sum + usage.input_tokens + usage.output_tokens, 0)
      const isNew = Date.parse(calls[0]?.event_time ?? '') - Date.parse(created_at) < 7 * 86_400_000
      return isNew && tokens / 2 > monthly_quota_tokens / 30
    })
    expect(atCeiling.length).toBeGreaterThan(10)
  })

  it('takes to the new model by and by, and not before it is there', () => {
    const users = requests.filter(({ request_model }) => request_model === released)
    expect(users.length).toBeGreaterThan(0)
    for (const { event_time } of users) expect(Date.parse(event_time)).toBeGreaterThanOrEqual(released_ms)
    const after = requests.filter(({ event_time }) => Date.parse(event_time) > released_ms)
    expect(users.length / after.length).toBeLessThan(0.5)
  })
})

const VPN_ASNS: ReadonlySet<number> = new Set([9009, 212238, 60068, 36183])

/** Within half of it, which a share of a thousand accounts or more keeps to. */
function expectAbout(expected: number, measured: number): void {
  expect(measured).toBeGreaterThan(expected / 2)
  expect(measured).toBeLessThan(expected * 1.5)
}

const DISPOSABLE =
  /mailinator|guerrillamail|yopmail|10minutemail|sharklasers|trashmail|maildrop|getnada|mailnesia|dispostable|tempr|mohmal/

function group(requests: readonly RequestRecord[]): Map<string, RequestRecord[]> {
  const calls = new Map<string, RequestRecord[]>()
  for (const request of requests) {
    const known = calls.get(request.account_id)
    if (known === undefined) calls.set(request.account_id, [request])
    else known.push(request)
  }
  return calls
}
