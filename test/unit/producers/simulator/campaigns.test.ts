import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readRecord } from '../../../../producers/intake/contract.ts'
import { SCENARIOS } from '../../../../producers/simulator/scenarios/index.ts'
import { bodyOf, type RequestRecord, type Run, runWhole } from './records.ts'

const HOUR_MS = 3_600_000
const malicious = SCENARIOS.filter(({ label }) => label === 'malicious').map(({ name }) => name)
const RATE: Record<string, number> = { M2: 0.1, M3: 0.1, M4: 0.1, M8: 0.1, M9: 0.2, M10: 0.01 }

function alone(name: string, level: number, rate = RATE[name] ?? 0.5, days = 1): Run {
  return runWhole({ seed: 7, days, accounts: 0, scenarios: [{ name, level, rate }] })
}

const time_ms = ({ event_time }: RequestRecord): number => Date.parse(event_time)
const shareOfDay = (at_ms: number): number => (at_ms % (24 * HOUR_MS)) / (24 * HOUR_MS)
const shareOf = <T>(items: readonly T[], holds: (item: T) => boolean): number =>
  items.filter(holds).length / items.length
const openingOf = ({ content }: RequestRecord): string => content.messages[0]!.content.slice(-300)
const mean = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!

function groups<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const byKey = new Map<string, T[]>()
  for (const item of items) byKey.set(keyOf(item), [...(byKey.get(keyOf(item)) ?? []), item])
  return [...byKey.values()]
}

const perAccount = (requests: readonly RequestRecord[]): number[] =>
  groups(requests, ({ account_id }) => account_id).map(({ length }) => length)

/**
 * Requests with a paragraph that ten accounts have in common and ordinary customers do not write: a naive campaign has one wording for an
 * objective.
 */
function wanted(requests: readonly RequestRecord[]): RequestRecord[] {
  const holders = new Map<string, Set<string>>()
  for (const request of requests)
    for (const paragraph of paragraphs(request))
      holders.set(paragraph, (holders.get(paragraph) ?? new Set()).add(request.account_id))
  const ordinary = new Set(ordinaryRequests().flatMap(paragraphs))
  const isShared = (paragraph: string) => holders.get(paragraph)!.size >= 10 && !ordinary.has(paragraph)
  return requests.filter((request) => paragraphs(request).some(isShared))
}

const ordinaryRequests = () => runWhole({ seed: 7, days: 1, accounts: 300, scenarios: [] }).requests

const paragraphs = (request: RequestRecord): string[] =>
  bodyOf(request)
    .split('\n\n')
    .filter(({ length }) => length > 40)

/** Requests in a part of the one day. */
function between(requests: readonly RequestRecord[], from: number, to: number): RequestRecord[] {
  return requests.filter((request) => shareOfDay(time_ms(request)) >= from && shareOfDay(time_ms(request)) < to)
}

function firstByAccount(requests: readonly RequestRecord[]): Map<string, number> {
  const first = new Map<string, number>()
  for (const request of requests)
    first.set(request.account_id, Math.min(time_ms(request), first.get(request.account_id) ?? Number.POSITIVE_INFINITY))
  return first
}
const digest = ({ events, labels }: Run): string =>
  createHash('sha256')
    .update(JSON.stringify([events, labels]))
    .digest('hex')

describe('campaigns', () => {
  it.each(malicious)('%s runs at every level, and intake accepts every record', (name) => {
    for (const level of [0, 1, 2, 3]) {
      const { events, requests } = alone(name, level)
      expect(requests.length).toBeGreaterThan(10)
      for (const event of events) expect(readRecord(event)).not.toHaveProperty('reason')
    }
  })

  it('are the same to the byte for the same seed', () => {
    expect(digest(alone('M5', 2))).toBe(digest(alone('M5', 2)))
  })

  it('M1 takes its accounts in turns when it is naive: none twice in a row, six cards', () => {
    const { requests, accounts } = alone('M1', 0)
    const ordered = requests.toSorted((a, b) => time_ms(a) - time_ms(b))
    const twice = ordered.filter((request, index) => ordered[index - 1]?.account_id === request.account_id)
    expect(twice.length / ordered.length).toBeLessThan(0.01)
    expect(new Set(accounts.map(({ payment_fingerprint }) => payment_fingerprint)).size).toBeLessThanOrEqual(6)
  })

  it('M4 has the body of a banned account on another one within seconds, and moves to pool 2 within two hours', () => {
    const { requests, events, labels } = alone('M4', 1)
    const banned = (events as { outcome?: string; event_time: string }[]).filter(({ outcome }) => outcome === 'banned')
    expect(banned.length).toBeGreaterThan(0)
    const failed = requests.filter(({ response }) => response.status === 403)
    const hopped = failed.filter((from) =>
      requests.some(
        (to) =>
          to.account_id !== from.account_id &&
          time_ms(to) > time_ms(from) &&
          time_ms(to) - time_ms(from) < 15_000 &&
          bodyOf(to) === bodyOf(from),
      ),
    )
    expect(hopped.length).toBeGreaterThan(failed.length / 2)
    const standby = new Set(labels.filter(({ role }) => role === 'standby').map(({ account_id }) => account_id))
    const ban_ms = Date.parse(banned[0]!.event_time)
    const onStandby = (from_ms: number, to_ms: number) =>
      requests.filter((r) => standby.has(r.account_id) && time_ms(r) >= from_ms && time_ms(r) < to_ms).length
    expect(onStandby(ban_ms + 3 * HOUR_MS, ban_ms + 6 * HOUR_MS)).toBeGreaterThan(
      2 * onStandby(ban_ms - 3 * HOUR_MS, ban_ms),
    )
    expect(new Set(labels.map(({ campaign_id }) => campaign_id))).toEqual(new Set(['M4-01/a', 'M4-01/b', 'M4-01/c']))
  })

  it('M2 starts its accounts one after the other over three access paths and four plans, and leaves tools behind later', () => {
    const { requests, accounts } = alone('M2', 0, 0.3)
    expect(new Set(requests.map(({ access_path }) => access_path)).size).toBe(3)
    expect(new Set(accounts.map(({ plan }) => plan)).size).toBe(4)
    const firsts = [...firstByAccount(requests).values()].map(shareOfDay)
    expect(Math.min(...firsts)).toBeLessThan(0.1)
    expect(Math.max(...firsts)).toBeGreaterThan(0.35)
    const withTools = (from: number, to: number) =>
      shareOf(between(requests, from, to), ({ params }) => params.tool_set_hash != null)
    expect(withTools(0, 0.6)).toBeGreaterThan(2 * withTools(0.65, 1))
  })

  it('M3 has 48% of its traffic on the new model a day after its release, and less when it hides that', () => {
    const moved = (level: number) => {
      const run = alone('M3', level, 0.1, 3)
      const later = run.requests.filter((request) => time_ms(request) > run.released_ms + 22 * HOUR_MS)
      return shareOf(later, ({ request_model }) => request_model === run.released)
    }
    expect(moved(0)).toBeGreaterThan(0.42)
    expect(moved(0)).toBeLessThan(0.54)
    expect(moved(3)).toBeLessThan(moved(0) / 2)
  })

  it('M5 has every account banned within its lifetime, and another one at work within two hours', () => {
    const { requests, events, labels } = alone('M5', 1, 2)
    const bans = (events as { type: string; account_id: string; event_time: string }[])
      .filter(({ type }) => type === 'outcome')
      .map(({ account_id, event_time }) => ({ account_id, at_ms: Date.parse(event_time) }))
    expect(bans.length).toBeGreaterThan(labels.length / 3)
    const first = firstByAccount(requests)
    // In a window of one day lifetimes are a third of 1 to 3 days.
    for (const { account_id, at_ms } of bans)
      expect(at_ms - (first.get(account_id) ?? at_ms)).toBeLessThan((3 / 3) * 24 * HOUR_MS)
    const replacements = new Set(
      labels.filter(({ role }) => role === 'replacement').map(({ account_id }) => account_id),
    )
    const starts = [...first].flatMap(([account_id, at_ms]) => (replacements.has(account_id) ? [at_ms] : []))
    const noticed = requests.filter(({ response }) => response.status === 403).map(time_ms)
    // 2 h from the refusal, and then until its turn comes.
    const filled = noticed.filter((at_ms) => starts.some((start) => start > at_ms && start - at_ms < 3 * HOUR_MS))
    const early = noticed.filter((at_ms) => shareOfDay(at_ms) < 0.85)
    expect(filled.length).toBeGreaterThan(0.9 * early.length)
  })

  it('M6 gives each account a few wanted requests a day among many that are not', () => {
    const { requests } = alone('M6', 0, 1)
    const wantedPerDay = mean(perAccount(wanted(requests)))
    const perDay = mean(perAccount(requests))
    expect({ wantedPerDay, perDay }).toSatisfy(() => wantedPerDay > 2 && wantedPerDay < 6)
    expect({ wantedPerDay, perDay }).toSatisfy(() => perDay > 20 && perDay < 60)
  })

  it('M7 adds its instruction to a fifth of what its own users ask, whose words and work are their own', () => {
    const { requests } = alone('M7', 0, 4)
    const share = wanted(requests).length / requests.length
    expect(share).toBeGreaterThan(0.12)
    expect(share).toBeLessThan(0.28)
    const openings = new Set(requests.map(({ content }) => content.messages[0]?.content.slice(0, 40)))
    expect(openings.size).toBeGreaterThan(100)
  })

  it('M8 is at work in every hour of the day, and its answers are shorter than those of a reasoning campaign', () => {
    const { requests } = alone('M8', 0, 0.2)
    expect(new Set(requests.map((request) => new Date(time_ms(request)).getUTCHours())).size).toBe(24)
    const output = (run: Run) => median(run.requests.map(({ usage }) => usage.output_tokens))
    expect(output(alone('M8', 0, 0.2))).toBeLessThan(output(alone('M1', 0)))
  })

  it('M9 searches with a few accounts and is mostly refused; then many harvest', () => {
    const { requests } = alone('M9', 0, 1)
    const search = between(requests, 0, 0.2)
    const harvest = between(requests, 0.25, 1)
    expect(shareOf(search, ({ response }) => response.refused)).toBeGreaterThan(0.8)
    expect(shareOf(harvest, ({ response }) => response.refused)).toBeLessThan(0.1)
    const accounts = (some: RequestRecord[]) => new Set(some.map(({ account_id }) => account_id)).size
    expect(accounts(harvest)).toBeGreaterThan(5 * accounts(search))
    expect(new Set(search.map(bodyOf)).size).toBeGreaterThan(0.95 * search.length)
  })

  it('M10 asks for one token and biases others each time: from one account when it is naive, from many otherwise', () => {
    const { requests } = alone('M10', 0, 0.02)
    expect(new Set(requests.map(({ account_id }) => account_id)).size).toBe(1)
    const ids = requests.flatMap(({ params }) => params.logit_bias_ids ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    expect(median(requests.map(({ usage }) => usage.output_tokens))).toBe(1)
    const split = alone('M10', 1, 0.02).requests
    expect(new Set(split.map(({ account_id }) => account_id)).size).toBeGreaterThan(5)
  })

  it('have a conversation move to another account at the age of an hour, and stay at level 3', () => {
    // Ages of conversations when they go from one account to another, unless that one has met an error and rests.
    const moves = (level: number) => {
      const { requests } = alone('M7', level, 4)
      const failed = requests.filter(({ response }) => response.status !== 200)
      const rests = ({ account_id }: RequestRecord, at_ms: number) =>
        failed.some((other) => other.account_id === account_id && Math.abs(at_ms - time_ms(other)) < HOUR_MS)
      return groups(requests, openingOf).flatMap((turns) => {
        // Customers who open with the same words; where an instruction hides that, they are taken for one.
        if (turns.filter(({ content }) => content.messages.length === 1).length > 1) return []
        const ordered = turns.toSorted((a, b) => time_ms(a) - time_ms(b))
        return ordered.slice(1).flatMap((turn, index) => {
          const left = ordered[index]!
          if (turn.account_id === left.account_id || rests(left, time_ms(turn))) return []
          const bound = ordered.find(({ account_id }) => account_id === left.account_id)!
          return [time_ms(turn) - time_ms(bound)]
        })
      })
    }
    const ages = moves(1)
    expect(ages.length).toBeGreaterThan(20)
    expect(shareOf(ages, (age) => age > 0.98 * HOUR_MS)).toBeGreaterThan(0.95)
    expect(moves(3).length).toBeLessThan(0.05 * ages.length)
  })

  it('M11 presents signatures of one account on another, and at level 3 only where they came from', () => {
    const foreign = (level: number) => {
      const { requests } = alone('M11', level, 1)
      const owner = new Map(requests.flatMap((r) => r.response.reasoning_signatures.map((s) => [s, r.account_id])))
      return requests.filter((r) => r.content.reasoning_signatures.some((s) => owner.get(s) !== r.account_id)).length
    }
    expect(foreign(0)).toBeGreaterThan(20)
    expect(foreign(3)).toBe(0)
  })
})
