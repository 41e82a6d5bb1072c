import { describe, expect, test } from 'vitest'
import { STAGE_NAMES } from '../../consumers/pipeline.ts'
import type { TopicRecord } from '../../producers/intake/edge.ts'
import type { Account, OutcomeKind } from '../../schemas/types.ts'
import { sketchedSample } from '../fixtures/sample.ts'
import { COMPACTIONS, differsAfter, recordRun } from '../helpers/recorded-run.ts'

// Four hours of the planted campaigns and of a few of the others: hours, because expiry looks once an hour.
const records = sketchedSample({ accounts_share: 0.4, until_hours: 3, probes: 0 }).records

// Everything that expires does so within the slice, and every table is too small.
const HASTY = {
  fingerprints: { account_ttl_days: 0.01, event_id_minutes: 7, accounts_max: 220, static_interval_minutes: 20 },
  detectors: { 'injected-reasoning-span': { share_min: 0.1 }, 'new-account-at-ceiling': { requests_min: 5 } },
  linkage: {
    span_ttl_days: 0.015,
    prefix_ttl_days: 0.01,
    payment_ttl_days: 0.02,
    client_ttl_days: 0.02,
    holders_max: 40,
  },
  campaigns: { revision_interval_minutes: 5, signal_ttl_minutes: 15, beyond_share_min: 0.05, outcome_ttl_days: 0.02 },
  enforcement: { verify_hours: 0.1, actions_per_hour_max: 12, actions_per_alert_hour_max: 8, member_score_min: 0.1 },
}

describe.each([
  ['the default settings', {}],
  ['settings under which everything expires', HASTY],
])('with %s', (_, settings) => {
  const tasks = recordRun(withInterventions(records), settings)

  test('the run exercises every stage', () => {
    for (const name of STAGE_NAMES) {
      const own = tasks.filter(({ stage }) => stage.name === name)
      expect(
        own.flatMap(({ steps }) => steps.filter(({ changes }) => changes.length > 0)).length,
        name,
      ).toBeGreaterThan(1)
    }
  })

  describe.each(STAGE_NAMES)('%s, restored from its changelog', (name) => {
    test.each(COMPACTIONS)('%s, goes on as if nothing had happened', (how) => {
      for (const task of tasks.filter(({ stage }) => stage.name === name)) {
        for (const part of [0.15, 0.4, 0.7, 0.9]) {
          const at = Math.floor(task.steps.length * part)
          const hops = differsAfter(task, at, how)
          if (hops === null) continue
          expect.fail(`${name}, task ${task.context.task}: another result ${hops} hops after a restart at hop ${at}`)
        }
      }
    })
  })
})

/** Adds what the sample lacks: verdicts, changed account records and contracts on some of its accounts. */
function withInterventions(traffic: readonly TopicRecord[]): TopicRecord[] {
  const kinds: OutcomeKind[] = ['cleared', 'banned', 'verified', 'erased', 'appeal_overturned']
  const facts = new Map<string, Account>()
  return traffic.flatMap((record, index) => {
    if (record.topic === 'accounts') facts.set(record.key, record.value)
    const { account_id, event_time_ms } = { account_id: record.key, event_time_ms: timeOf(record) }
    const known = facts.get(account_id)
    if (index % 97 === 0) {
      const outcome = kinds[(index / 97) % kinds.length] ?? 'cleared'
      const value = { event_id: null, event_time_ms, account_id, outcome, alert_id: null, reason_code: null }
      return [record, { topic: 'outcomes' as const, key: account_id, value }]
    }
    if (index % 101 === 0 && known) {
      const contract_flags = index % 2 === 0 ? ['authorised_distillation'] : []
      const value = { ...known, event_time_ms, plan: 'team', contract_flags }
      return [record, { topic: 'accounts' as const, key: account_id, value }]
    }
    return [record]
  })
}

function timeOf({ value }: TopicRecord): number {
  return 'end_time_ms' in value ? value.end_time_ms : value.event_time_ms
}
