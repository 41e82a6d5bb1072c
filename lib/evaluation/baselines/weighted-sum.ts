import type { TopicName } from '../../../schemas/topics.ts'
import type { Account, Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import type { Findings, Method } from '../method.ts'
import { AccountFindings } from './account-findings.ts'
import type { ExactGroupsCeilings } from './exact-groups.ts'
import { weighed } from './glasswally/signal.ts'
import { SIGNALS, type SignalName, Workers } from './glasswally/workers.ts'

export interface WeightedSumParameters extends ExactGroupsCeilings {
  readonly name: string
  /** Signals without one are left out. */
  readonly weights: Readonly<Partial<Record<SignalName, number>>>
  /** The lowest tier, from which the system acts. */
  readonly threshold: number
}

/**
 * Weights and the lowest of the tiers 0.35, 0.55 and 0.72 as in Glasswally's glasswally/src/engine/fusion.rs at 7f79e9d6. Three more signals,
 * with 0.12 together, need what no record holds: HTTP/2 settings, watermarks, topics of the text.
 */
export const WEIGHTED_SUM: WeightedSumParameters = {
  name: 'B6',
  weights: {
    fingerprint: 0.14,
    velocity: 0.1,
    reasoning: 0.09,
    likeness: 0.08,
    cluster: 0.08,
    synchrony: 0.07,
    hosting: 0.07,
    preamble: 0.06,
    pivot: 0.05,
    repetition: 0.05,
    'session gaps': 0.04,
    'token budget': 0.03,
    refusals: 0.02,
  },
  threshold: 0.35,
  accounts_max: 1_000_000,
  objects_max: 2_000_000,
}

/** The weights of its first version, at 19f0254, which has five signals, all of them known here; the scales are those of the later one. */
export const FIRST_WEIGHTED_SUM: WeightedSumParameters = {
  ...WEIGHTED_SUM,
  name: 'B6 first version',
  weights: { fingerprint: 0.3, velocity: 0.23, reasoning: 0.23, cluster: 0.14, pivot: 0.1 },
}

/**
 * B6: a weighted sum of signals, as Glasswally (github.com/m0rs3c0d3/Glasswally) has it: its weights, lowest tier, bonus for clusters and
 * scales, one file each in `glasswally`. Clusters are of equal payments, organisations and networks, not of equal TLS hellos,
 * which would throw all users of one client together. What raises scores for a country is left out: countries never score here.
 */
export function weightedSum(
  parameters: WeightedSumParameters = WEIGHTED_SUM,
  workers: Workers = new Workers(parameters),
): Method {
  return new WeightedSum(parameters, workers)
}

const LARGE_CLUSTER_ACCOUNTS = 5
const LARGE_CLUSTER_BONUS = 0.08

class WeightedSum implements Method {
  readonly name: string
  readonly summary: string
  private readonly parameters: WeightedSumParameters
  private readonly workers: Workers
  private readonly findings: AccountFindings

  constructor(parameters: WeightedSumParameters, workers: Workers) {
    const { name, weights, threshold } = parameters
    this.name = name
    this.parameters = parameters
    this.workers = workers
    this.summary = `weighted sum of ${Object.keys(weights).length} signals as in Glasswally, from ${threshold}`
    this.findings = new AccountFindings(name)
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic === 'requests') this.takeRequest(value as Request)
    else if (topic === 'accounts') this.workers.takeAccount(value as Account)
  }

  finish(): Findings {
    return this.findings.finish()
  }

  private takeRequest(request: Request): void {
    const reading = this.workers.takeRequest(request)
    if (!reading) return
    const { weights, threshold } = this.parameters
    const sum = SIGNALS.reduce((total, name) => total + (weights[name] ?? 0) * weighed(reading.signals[name]), 0)
    const bonus = reading.cluster_accounts >= LARGE_CLUSTER_ACCOUNTS ? LARGE_CLUSTER_BONUS : 0
    const score = Math.min(sum + bonus, 1)
    this.findings.judge(request.account_id, request.end_time_ms, score, score >= threshold)
  }
}
