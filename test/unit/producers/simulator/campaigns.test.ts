import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readRecord } from '../../../../producers/intake/contract.ts'
import { SCENARIOS } from '../../../../producers/simulator/scenarios/index.ts'
import { bodyOf, type RequestRecord, type Run, runWhole } from './records.ts'

const HOUR_MS = 3_600_000
const malicious = SCENARIOS.filter(({ label }) => label === 'malicious').map(({ name }) => name)
const RATE: Record<string, number> = { M2: 0.1, M3: 0.1, M4: 0.1, M8: 0.1, M9: 0.2, M10: 0.01 }

function alone(name: string, level: number, rate = RATE[name] ?? 0.5): Run {
  return runWhole({ seed: 7, days: 1, accounts: 0, scenarios: [{ name, level, rate }] })
}

const time_ms = ({ event_time }: RequestRecord): number => Date.parse(event_time)
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
