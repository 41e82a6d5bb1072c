import { expect, test } from 'vitest'
import { CampaignsProcessor } from '../../../consumers/campaigns/processor.ts'
import { campaignsSettings } from '../../../consumers/campaigns/settings.ts'
import type { Alert, Outcome, Signal } from '../../../schemas/types.ts'

const HOP_MS = 60_000
const CONTEXT = { task: 0, partitions: 1, hop_ms: HOP_MS }
const TTL_HOPS = 10

const signal: Signal = {
  account_id: 'prober',
  hop: 1,
  event_time_ms: 2 * HOP_MS,
  detector: 'logprob-probing',
  version: 1,
  block: 'payload',
  outcome: 'hit',
  shadow: false,
  standalone: true,
  window_ms: HOP_MS,
  segment: 'unknown',
  n: 1_000,
  p_value: null,
  observed: 5_000,
  baseline: 50,
  reason: 'logit_bias_sweep',
  object: null,
  objectives: ['logprobs'],
  context: {
    org_id: 'prober',
    created_at_ms: null,
    exempt: false,
    paying: false,
    requests: 1_000,
    output_tokens: 1_000,
    first_seen_ms: 0,
    last_seen_ms: 0,
  },
}

test('the hit of an account that falls silent is forgotten when it no longer counts, and its alert closed', () => {
  const processor = new CampaignsProcessor(CONTEXT, campaignsSettings.parse({ signal_ttl_minutes: TTL_HOPS }), 'hash')
  const told: [number, string][] = []
  const tombstones: string[] = []
  for (let hop = 1; hop < 3 * TTL_HOPS; hop++) {
    const records = { signals: hop === 1 ? [signal] : [] }
    const outputs = processor.process({ hop, end_ms: (hop + 1) * HOP_MS, records, late: new Set() })
    for (const { value } of outputs) told.push([hop, (value as Alert).status])
    for (const { key, value } of processor.drainChanges()) if (value === null) tombstones.push(key)
  }
  expect(told).toEqual([
    [1, 'open'],
    [2 + TTL_HOPS, 'closed'],
  ])
  expect(tombstones).toEqual(['account\u0000prober', 'signal\u0000prober\u0000logprob-probing'])
})

test('an alert about one account stays open while its rule hits now and then, under one id', () => {
  const processor = new CampaignsProcessor(CONTEXT, campaignsSettings.parse({ signal_ttl_minutes: TTL_HOPS }), 'hash')
  const told: string[] = []
  for (let hop = 1; hop < 6 * TTL_HOPS; hop++) {
    const outcome = hop % 6 < 3 ? 'hit' : 'no_hit'
    const records = { signals: hop < 5 * TTL_HOPS ? [{ ...signal, hop, outcome } as Signal] : [] }
    const outputs = processor.process({ hop, end_ms: (hop + 1) * HOP_MS, records, late: new Set() })
    for (const { value } of outputs) told.push(`${(value as Alert).alert_id} ${(value as Alert).status}`)
  }
  expect(told.map((line) => line.split(' ')[1])).toEqual(['open'])
  expect(new Set(told.map((line) => line.split(' ')[0])).size).toBe(1)
})

test('an outcome of an account that no alert is about expires, and one of an account with an open alert when that has closed', () => {
  const settings = campaignsSettings.parse({ signal_ttl_minutes: 6 * 1_440, outcome_ttl_days: 2 })
  const processor = new CampaignsProcessor(CONTEXT, settings, 'hash')
  const gone: [number, string][] = []
  for (let hop = 1; hop < 10 * 1_440; hop++) {
    const outcomes = ['prober', 'quiet'].map((account_id): Outcome => {
      const nothing = { event_id: null, alert_id: null, reason_code: null }
      return { ...nothing, event_time_ms: HOP_MS, account_id, outcome: 'banned' }
    })
    const records = hop === 1 ? { signals: [signal], outcomes } : {}
    processor.process({ hop, end_ms: (hop + 1) * HOP_MS, records, late: new Set() })
    for (const { key, value } of processor.drainChanges()) {
      if (value === null && key.startsWith('account')) gone.push([Math.floor(hop / 1_440), key.slice(8)])
    }
  }
  expect(gone).toEqual([
    [2, 'quiet'],
    [6, 'prober'],
  ])
})
