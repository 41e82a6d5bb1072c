import type { TopicName } from '../../../schemas/topics.ts'
import type { Account, Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import type { Findings, Method } from '../method.ts'
import { AccountFindings } from './account-findings.ts'
import { AccountTable } from './account-table.ts'
import { ExactGroups, type ExactGroupsCeilings } from './exact-groups.ts'
import { AccountWindow } from './glasswally/account-window.ts'
import { cluster } from './glasswally/cluster.ts'
import { Fingerprints } from './glasswally/fingerprint.ts'
import { Hosting } from './glasswally/hosting.ts'
import { ModelSwitches } from './glasswally/model-switches.ts'
import { Preambles } from './glasswally/preamble.ts'
import { likeness, reasoning } from './glasswally/reasoning.ts'
import { refusals } from './glasswally/refusals.ts'
import { repetition } from './glasswally/repetition.ts'
import { sessionGaps } from './glasswally/session-gaps.ts'
import { type Signal, weighed } from './glasswally/signal.ts'
import { Synchrony } from './glasswally/synchrony.ts'
import { tokenBudget } from './glasswally/token-budget.ts'
import { velocity } from './glasswally/velocity.ts'

export interface WeightedSumParameters extends ExactGroupsCeilings {
  readonly name: string
  /** Signals without one are left out. */
  readonly weights: Readonly<Partial<Record<SignalName, number>>>
  /** The lowest tier, from which the system acts. */
  readonly threshold: number
}

type SignalName = (typeof SIGNALS)[number]

const SIGNALS = [
  'fingerprint',
  'velocity',
  'reasoning',
  'likeness',
  'cluster',
  'synchrony',
  'hosting',
  'preamble',
  'pivot',
  'repetition',
  'session gaps',
  'token budget',
  'refusals',
] as const

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
export function weightedSum(parameters: WeightedSumParameters = WEIGHTED_SUM): Method {
  return new WeightedSum(parameters)
}

const LARGE_CLUSTER_ACCOUNTS = 5
const LARGE_CLUSTER_BONUS = 0.08

interface State {
  readonly window: AccountWindow
  payment_hash: number | null
}

class WeightedSum implements Method {
  readonly name: string
  readonly summary: string
  private readonly parameters: WeightedSumParameters
  private readonly accounts: AccountTable<State>
  private readonly groups: ExactGroups
  private readonly paymentAccounts = new Map<number, number>()
  private readonly fingerprints: Fingerprints
  private readonly preambles: Preambles
  private readonly switches: ModelSwitches
  private readonly hosting: Hosting
  private readonly synchrony = new Synchrony()
  private readonly findings: AccountFindings

  constructor(parameters: WeightedSumParameters) {
    const { name, weights, threshold, accounts_max, objects_max } = parameters
    this.name = name
    this.parameters = parameters
    this.summary = `weighted sum of ${Object.keys(weights).length} signals as in Glasswally, from ${threshold}`
    this.findings = new AccountFindings(name)
    this.accounts = new AccountTable(accounts_max, () => ({ window: new AccountWindow(), payment_hash: null }))
    this.groups = new ExactGroups(parameters)
    this.fingerprints = new Fingerprints(objects_max)
    this.preambles = new Preambles(objects_max)
    this.switches = new ModelSwitches(accounts_max)
    this.hosting = new Hosting(accounts_max)
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic === 'requests') this.takeRequest(value as Request)
    else if (topic === 'accounts') this.takeAccount(value as Account)
  }

  finish(): Findings {
    return this.findings.finish()
  }

  private takeAccount(account: Account): void {
    this.groups.account(account)
    const state = this.accounts.of(account.account_id)
    const { payment_hash } = account
    if (!state || payment_hash === null || state.payment_hash === payment_hash) return
    state.payment_hash = payment_hash
    this.paymentAccounts.set(payment_hash, 1 + (this.paymentAccounts.get(payment_hash) ?? 0))
  }

  private takeRequest(request: Request): void {
    this.groups.request(request)
    const state = this.accounts.of(request.account_id)
    if (!state) return
    const { weights, threshold } = this.parameters
    const signals = this.signals(request, state)
    const sum = SIGNALS.reduce((total, name) => total + (weights[name] ?? 0) * weighed(signals[name]), 0)
    const size = this.groups.of(request.account_id)?.accounts.size ?? 1
    const score = Math.min(sum + (size >= LARGE_CLUSTER_ACCOUNTS ? LARGE_CLUSTER_BONUS : 0), 1)
    this.findings.judge(request.account_id, request.end_time_ms, score, score >= threshold)
  }

  private signals(request: Request, { window, payment_hash }: State): Record<SignalName, Signal> {
    const { account_id, client, sketch, end_time_ms } = request
    const entry = window.add(request)
    const hour = window.hour()
    const day = window.entries
    const group = this.groups.of(account_id)
    const paymentAccounts = payment_hash === null ? 0 : (this.paymentAccounts.get(payment_hash) ?? 0)
    return {
      fingerprint: this.fingerprints.add(account_id, client.tuple_hash, window),
      velocity: velocity(hour),
      reasoning: reasoning(entry, hour),
      likeness: likeness(sketch?.cue_scores ?? []),
      cluster: cluster(group, paymentAccounts),
      synchrony: this.synchrony.add(account_id, end_time_ms),
      hosting: this.hosting.add(account_id, client.asn, group),
      preamble: this.preambles.add(account_id, entry, day),
      pivot: this.switches.add(request, group),
      repetition: repetition(hour),
      'session gaps': sessionGaps(day),
      'token budget': tokenBudget(entry, day),
      refusals: refusals(day),
    }
  }
}
