import type { TopicRecord } from '../../producers/intake/edge.ts'
import { Activity } from './activity.ts'
import { type GroundTruth, groundTruth } from './ground-truth.ts'
import type { Label } from './label.ts'
import type { Findings, Method } from './method.ts'
import { type Scorecard, scorecard } from './scorecard.ts'

/** What was streamed, beside how it came out. Plain data. */
export interface StreamSummary {
  readonly events: number
  readonly length_days: number
  readonly accounts: number
  readonly malicious_accounts: number
  readonly malicious_events: number
  readonly campaigns: number
  readonly benign_organisations: number
  readonly benign_organisation_weeks: number
}

export interface BenchResult {
  readonly truth: GroundTruth
  readonly stream: StreamSummary
  readonly scorecards: readonly Scorecard[]
  readonly findings: ReadonlyMap<string, Findings>
  /** Processing time by method. */
  readonly seconds: Readonly<Record<string, number>>
}

/** Gives one stream to all methods, record by record, and judges them when the truth is known. */
export class Bench {
  readonly activity = new Activity()
  private readonly methods: readonly Method[]
  private readonly clock_ms: () => number
  private readonly spent_ms = new Map<string, number>()

  /** `clock_ms` measures what methods cost; nothing else depends on it. */
  constructor(methods: readonly Method[], clock_ms: () => number) {
    this.methods = methods
    this.clock_ms = clock_ms
  }

  take({ topic, value }: TopicRecord): void {
    this.activity.take(topic, value)
    let began_ms = this.clock_ms()
    for (const method of this.methods) {
      method.take(topic, value)
      const now_ms = this.clock_ms()
      this.spend(method, now_ms - began_ms)
      began_ms = now_ms
    }
  }

  finish(labels: Iterable<Label>, seed: number): BenchResult {
    const truth = groundTruth(labels, this.activity)
    const findings = new Map<string, Findings>()
    for (const method of this.methods) {
      const began_ms = this.clock_ms()
      findings.set(method.name, method.finish())
      this.spend(method, this.clock_ms() - began_ms)
    }
    return {
      truth,
      stream: summaryOf(truth),
      scorecards: this.methods.map((method) => scorecard(method, findings.get(method.name)!, truth, seed)),
      findings,
      seconds: Object.fromEntries([...this.spent_ms].map(([name, ms]) => [name, Math.round(ms) / 1_000])),
    }
  }

  private spend({ name }: Method, ms: number): void {
    this.spent_ms.set(name, (this.spent_ms.get(name) ?? 0) + ms)
  }
}

export function summaryOf(truth: GroundTruth): StreamSummary {
  const active = [...truth.accounts.values()].filter(({ requests }) => requests > 0)
  return {
    events: truth.requests,
    length_days: truth.requests === 0 ? 0 : (truth.end_ms - truth.start_ms) / 86_400_000,
    accounts: active.length,
    malicious_accounts: active.filter(({ campaign_id }) => campaign_id !== null).length,
    malicious_events: truth.maliciousRequests,
    campaigns: truth.campaigns.length,
    benign_organisations: truth.benignOrganisations,
    benign_organisation_weeks: truth.benignOrganisationWeeks,
  }
}
