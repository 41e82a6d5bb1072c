import type { TopicName } from '../../../schemas/topics.ts'
import type { Account, Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import { CUE_CLASSES } from '../../sketch/cues.ts'
import type { Findings, Method } from '../method.ts'
import { AccountFindings } from './account-findings.ts'
import { AccountTable } from './account-table.ts'
import { type ExactGroup, ExactGroups, type ExactGroupsCeilings } from './exact-groups.ts'
import { ModelSwitches } from './model-switches.ts'
import { UsageDay } from './usage-day.ts'
import { Velocity, weighed } from './velocity.ts'

export interface WeightedSumParameters extends ExactGroupsCeilings {
  readonly weights: Readonly<Record<SignalName, number>>
  /** The lowest tier, from which the system acts. */
  readonly threshold: number
}

type SignalName = 'fingerprint' | 'velocity' | 'reasoning' | 'cluster' | 'pivot'

/** Five signals, and the tiers 0.35, 0.55 and 0.72, as in Glasswally's README.md and glasswally/src/engine/fusion.rs at 19f0254. */
export const WEIGHTED_SUM: WeightedSumParameters = {
  weights: { fingerprint: 0.3, velocity: 0.23, reasoning: 0.23, cluster: 0.14, pivot: 0.1 },
  threshold: 0.35,
  accounts_max: 1_000_000,
  objects_max: 2_000_000,
}

/**
 * B6: a weighted sum of signals in the manner of Glasswally (github.com/m0rs3c0d3/Glasswally): weights, lowest tier, the bonus for
 * clusters, and the scales of velocity, cluster and pivot are its own; so is how confidence counts, in velocity and pivot, the others being taken as sure. What it sees and this stream does not has a stand-in:
 * distinct clients of the day for TLS and header fingerprints, the cue score of a request for patterns of text. That its score
 * rises with a country is left out, as countries never score here.
 */
export function weightedSum(parameters: WeightedSumParameters = WEIGHTED_SUM): Method {
  return new WeightedSum(parameters)
}

const REASONING = CUE_CLASSES.indexOf('reasoning')
/** Distinct clients on one day beyond the first at which the stand-in is at its highest. */
const CLIENTS_BEYOND_FULL = 4
const LARGE_CLUSTER_ACCOUNTS = 5
const LARGE_CLUSTER_BONUS = 0.08

interface State {
  readonly velocity: Velocity
  readonly usage: UsageDay
}

class WeightedSum implements Method {
  readonly name = 'B6'
  readonly summary: string
  private readonly parameters: WeightedSumParameters
  private readonly accounts: AccountTable<State>
  private readonly groups: ExactGroups
  private readonly switches: ModelSwitches
  private readonly findings = new AccountFindings('B6')

  constructor(parameters: WeightedSumParameters) {
    this.parameters = parameters
    this.summary = `weighted sum of five signals in the manner of Glasswally, from ${parameters.threshold}`
    this.accounts = new AccountTable(parameters.accounts_max, () => ({
      velocity: new Velocity(),
      usage: new UsageDay(),
    }))
    this.groups = new ExactGroups(parameters)
    this.switches = new ModelSwitches(parameters.accounts_max)
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic === 'requests') this.takeRequest(value as Request)
    else if (topic === 'accounts') this.groups.account(value as Account)
  }

  finish(): Findings {
    return this.findings.finish()
  }

  private takeRequest(request: Request): void {
    this.groups.request(request)
    const account = this.accounts.of(request.account_id)
    if (!account) return
    const group = this.groups.of(request.account_id)
    const { weights, threshold } = this.parameters
    const { clients } = account.usage.add(request)
    const bonus = group && group.accounts.size >= LARGE_CLUSTER_ACCOUNTS ? LARGE_CLUSTER_BONUS : 0
    const sum =
      weights.fingerprint * Math.min(Math.max(clients - 1, 0) / CLIENTS_BEYOND_FULL, 1) +
      weights.velocity * account.velocity.add(request) +
      (weights.reasoning * (request.sketch?.cue_scores[REASONING] ?? 0)) / 100 +
      weights.cluster * (group ? clusterSignal(group) : 0) +
      weights.pivot * weighed(this.switches.add(request, group), 0.85)
    const score = Math.min(sum + bonus, 1)
    this.findings.judge(request.account_id, request.end_time_ms, score, score >= threshold)
  }
}

/** By size and by what is shared (glasswally/src/workers/hydra.rs), without its bonuses for countries and for kinds of cards. */
function clusterSignal({ accounts, payments, networks }: ExactGroup): number {
  if (accounts.size < 3) return 0
  return (
    Math.min(accounts.size / 25, 1) * 0.4 + Math.min(payments.size * 0.07, 0.35) + Math.min(networks.size * 0.03, 0.15)
  )
}
