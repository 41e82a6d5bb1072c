import type { AccountRecord } from '../simulator/account.ts'
import { hexId } from '../traces/ids.ts'
import { HOUR_MS, Registry, toTime } from './account.ts'
import { backbone, type Stage } from './backbone.ts'
import { hydra, type Outcome } from './hydra.ts'
import { judge } from './judge.ts'
import { loadLibrary } from './library.ts'
import { lookAlikes } from './look-alikes.ts'
import { prober } from './prober.ts'
import { createRandom } from './random.ts'
import { type Draft, renderRequest } from './request.ts'

export interface SampleOptions {
  seed: number
  /** Requests of the account that probes log probabilities; 0 leaves it idle. Default 6,000. */
  probes?: number
}

/** A line of the labels file. Times are null for an account without requests. */
export interface LabelLine {
  account_id: string
  label: 'benign' | 'malicious'
  campaign_id: string | null
  role: string
  scenario: string
  first_event: string | null
  last_event: string | null
}

export const SAMPLE_START_MS = Date.parse('2026-03-02T08:00:00.000Z')
export const SAMPLE_HOURS = 6
const PROBES = 6_000

/** Records reach the log a little out of order, at most this much. */
export const ARRIVAL_DISORDER_MS = 3_000

/** An event that knows its place in the stream; text is put together when it is read. */
interface Entry {
  order_ms: number
  tie: number
  render: () => object
}

/**
 * Six hours of labelled traffic for the demo: about 600 ordinary accounts with the timing and lengths of real traces
 * and the text of real prompt sets, look-alikes among them, two planted campaigns and one log-probability prober.
 * `events` yields input records in the order of their end, at most `ARRIVAL_DISORDER_MS` out of order, each account's
 * record before its first request. The same seed gives the same bytes.
 */
export function sampleTraffic({ seed, probes = PROBES }: SampleOptions): {
  events: Iterable<object>
  labels: Iterable<LabelLine>
} {
  const random = createRandom(`sample/${seed}`)
  const window = { start_ms: SAMPLE_START_MS, end_ms: SAMPLE_START_MS + SAMPLE_HOURS * HOUR_MS }
  const registry = new Registry(seed, window.start_ms, random.fork('accounts'))
  const stage = (name: string): Stage => ({ registry, library: loadLibrary(), window, random: random.fork(name) })
  const outcomes: Outcome[] = []
  const drafts = [
    ...backbone(stage('backbone')),
    ...lookAlikes(stage('look-alikes')),
    ...hydra(stage('hydra'), outcomes),
    ...judge(stage('judge')),
    ...prober(stage('prober'), probes),
  ]
  return { events: render(seed, registry, drafts, outcomes), labels: [...labelLines(registry, drafts)] }
}

function* render(seed: number, registry: Registry, drafts: Draft[], outcomes: Outcome[]): Generator<object> {
  const delay = createRandom(`sample/${seed}/delay`)
  const entries: Entry[] = [
    ...registry.accounts.map(({ known_ms, record }) => toEntry(known_ms, record)),
    ...outcomes.map((outcome) => toEntry(Date.parse(outcome.event_time), outcome)),
    ...drafts.map((draft, index) => ({
      order_ms: draft.end_ms + delay.unit() * ARRIVAL_DISORDER_MS,
      tie: index + 1,
      render: () => renderRequest(draft, `req-${hexId(16, seed, 'request', index)}`),
    })),
  ]
  entries.sort((a, b) => a.order_ms - b.order_ms || a.tie - b.tie)
  for (const entry of entries) yield entry.render()
}

/** Accounts and outcomes come before requests of the same millisecond. */
function toEntry(order_ms: number, record: AccountRecord | Outcome): Entry {
  return { order_ms, tie: 0, render: () => record }
}

function* labelLines(registry: Registry, drafts: Draft[]): Generator<LabelLine> {
  const spans = new Map<string, { first_ms: number; last_ms: number }>()
  for (const { account, event_ms } of drafts) {
    const span = spans.get(account.record.account_id)
    spans.set(account.record.account_id, {
      first_ms: Math.min(span?.first_ms ?? event_ms, event_ms),
      last_ms: Math.max(span?.last_ms ?? event_ms, event_ms),
    })
  }
  for (const { record, label } of registry.accounts) {
    const span = spans.get(record.account_id)
    yield {
      account_id: record.account_id,
      ...label,
      first_event: span === undefined ? null : toTime(span.first_ms),
      last_event: span === undefined ? null : toTime(span.last_ms),
    }
  }
}
