import { describe, expect, test } from 'vitest'
import type { TopicRecord } from '../../producers/intake/edge.ts'
import { sketchedSample } from '../fixtures/sample.ts'
import { everAccused, lastRevisions, runRecords, type TopologyRun } from '../helpers/topology.ts'

const { records, labels } = sketchedSample()

describe('on the sample traffic with seed 1', () => {
  const { alerts, rejected, counters } = runRecords(records)
  const accounts = [...labels.values()].filter(({ first_event }) => first_event !== null)
  const membersOf = (campaign: string) => accounts.filter(({ campaign_id }) => campaign_id === campaign)
  const named = new Set(lastRevisions(alerts).flatMap((alert) => alert.accounts.map(({ account_id }) => account_id)))

  // Recorded: 45 of 48. The three that are missing are replacements and drop-outs with a handful of requests.
  test('at least 80 % of the accounts of the relay campaign are named at the end, as one campaign', () => {
    const hydra = new Set(membersOf('hydra').map(({ account_id }) => account_id))
    expect(hydra.size).toBeGreaterThanOrEqual(45)
    const campaigns = lastRevisions(alerts).filter((alert) => alert.accounts.some((each) => hydra.has(each.account_id)))
    expect(campaigns.map(({ subject }) => subject.kind)).toEqual(['campaign'])
    expect([...hydra].filter((each) => named.has(each)).length / hydra.size).toBeGreaterThanOrEqual(0.8)
    expect(campaigns[0]?.objectives).toContain('reasoning')
  })

  test('the account that reads out log probabilities is named by an alert of its own', () => {
    const [prober] = membersOf('logprob-probe')
    const own = lastRevisions(alerts).filter(({ subject }) => subject.id === prober?.account_id)
    expect(own).toMatchObject([{ subject: { kind: 'account' }, status: 'open', objectives: ['logprobs'] }])
    expect(own[0]?.accounts.map(({ account_id }) => account_id)).toEqual([prober?.account_id])
  })

  // Recorded: 19 of 20.
  test('at least 80 % of the accounts of the judge campaign are named at the end', () => {
    const judges = membersOf('judge').map(({ account_id }) => account_id)
    expect(judges.length).toBeGreaterThanOrEqual(15)
    expect(judges.filter((each) => named.has(each)).length / judges.length).toBeGreaterThanOrEqual(0.8)
  })

  test('no benign account is accused by any revision', () => {
    const accused = [...everAccused(alerts)].map((account_id) => labels.get(account_id))
    expect(accused.length).toBeGreaterThan(0)
    expect(accused.filter((label) => label?.label !== 'malicious')).toEqual([])
  })

  test('every request is counted and none is late', () => {
    const requests = records.filter(({ topic }) => topic === 'requests').length
    expect(counters.fingerprints).toMatchObject({ requests, repeats: 0, late: 0 })
    expect(rejected).toEqual([])
  })
})

describe('the alerts of the first hours', () => {
  // Until the relay campaign has been revised once: about two hours.
  const early = records.slice(0, 7_000)
  const undisturbed = runRecords(early)

  test('are some, with revisions and decisions', () => {
    expect(undisturbed.alerts.some(({ revision, accounts }) => revision > 1 && accounts.length > 0)).toBe(true)
    expect(undisturbed.decisions.length).toBeGreaterThan(10)
  })

  test.each([3, 12])('are the same bytes on %i partitions, and so are the decisions', (partitions) => {
    const run = runRecords(early, { partitions })
    expect(run.lines).toEqual(undisturbed.lines)
    expect(run.decisions).toEqual(undisturbed.decisions)
  })

  test('are the same bytes when the input arrives in another order within the bound', () => {
    expect(runRecords(shuffledWithin(early, 30_000)).lines).toEqual(undisturbed.lines)
  })

  test('are the same bytes when every record comes twice; only the repeats counter tells', () => {
    const run = runRecords(early.flatMap((record) => [record, record]))
    expect(run.lines).toEqual(undisturbed.lines)
    expect(run.decisions).toEqual(undisturbed.decisions)
    const repeats = early.filter(({ topic }) => topic === 'requests').length
    expect(withoutRepeats(run)).toEqual(withoutRepeats(undisturbed))
    expect(run.counters.fingerprints?.repeats).toBe(repeats)
  })

  test('are the same bytes wherever the clients and the bills are: geography never scores', () => {
    const countries = ['DE', 'US', 'CN', null]
    const moved = early.map((record, index) => elsewhere(record, countries[index % countries.length] ?? null))
    expect(moved).not.toEqual(early)
    expect(runRecords(moved).lines).toEqual(undisturbed.lines)
  })
})

function withoutRepeats({ counters }: TopologyRun) {
  return { ...counters, fingerprints: { ...counters.fingerprints, repeats: 0 } }
}

/** Time at which a record took place in the log. */
function timeOf({ value }: TopicRecord): number {
  return 'end_time_ms' in value ? value.end_time_ms : value.event_time_ms
}

/** Delays every record by up to `bound_ms`, by a fixed rule that knows no order. */
function shuffledWithin(records: readonly TopicRecord[], bound_ms: number): TopicRecord[] {
  return records
    .map((record, index) => ({ record, at_ms: timeOf(record) + ((index * 7_919) % 1_000) * (bound_ms / 1_001) }))
    .sort((a, b) => a.at_ms - b.at_ms)
    .map(({ record }) => record)
}

function elsewhere(record: TopicRecord, country: string | null): TopicRecord {
  if (record.topic === 'requests') {
    const { value } = record
    return { ...record, value: { ...value, client: { ...value.client, country } } }
  }
  if (record.topic === 'accounts') return { ...record, value: { ...record.value, billing_country: country } }
  return record
}
