import type { TopicName } from '../../../schemas/topics.ts'
import type { Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import type { Findings, Method } from '../method.ts'
import { LinkedGroups, type LinkedGroupsParameters } from './linked-groups.ts'
import { PairTable } from './pair-table.ts'
import { DAY_MS, HOUR_MS } from './usage-day.ts'

export interface SynchronisedNetworksParameters extends LinkedGroupsParameters {
  /** Two accounts on one network in one bucket act together. */
  readonly bucket_ms: number
  /** Actions are compared within windows of this length, which is a whole number of buckets. */
  readonly window_ms: number
  /** A bucket closes when a record is this much past its end; what comes later for it is left out. */
  readonly lateness_ms: number
  readonly similarity_min: number
  readonly buckets_min: number
  /** A network with more accounts in one bucket is popular, and skipped in it. */
  readonly network_accounts_max: number
  /** Accounts on networks per open bucket. */
  readonly actions_max: number
  readonly accounts_max: number
  readonly pairs_max: number
}

/** The similarity is the paper's; the paper leaves the lengths to the deployment, from minutes to hours. The rest is ours, and none was tuned. */
export const SYNCHRONISED_NETWORKS: SynchronisedNetworksParameters = {
  bucket_ms: HOUR_MS,
  window_ms: DAY_MS,
  lateness_ms: 60_000,
  similarity_min: 0.5,
  buckets_min: 2,
  members_min: 3,
  members: 'accounts',
  growth_min: 0.2,
  network_accounts_max: 100,
  actions_max: 1_000_000,
  accounts_max: 1_000_000,
  pairs_max: 2_000_000,
}

/**
 * B4: SynchroTrap (Cao et al., CCS 2014) with networks as the only constraint: an action is an account on a network in a bucket, two
 * accounts are alike by the Jaccard index of their actions of the day, and components over alike pairs are accused. Pairs are
 * judged whenever a bucket closes, not at the end of the day, so that few actions suffice early on. The paper's second,
 * shifted row of buckets is left out: what straddles a border doesn't match.
 */
export function synchronisedNetworks(parameters: SynchronisedNetworksParameters = SYNCHRONISED_NETWORKS): Method {
  return new SynchronisedNetworks(parameters)
}

interface Bucket {
  readonly networks: Map<number, Set<string>>
  actions: number
}

interface CoActions {
  actions: number
  buckets: number
  lastBucket: number
}

class SynchronisedNetworks implements Method {
  readonly name = 'B4'
  readonly summary: string
  private readonly parameters: SynchronisedNetworksParameters
  private readonly open = new Map<number, Bucket>()
  private closedTo = Number.NEGATIVE_INFINITY
  private window = Number.NEGATIVE_INFINITY
  private latest_ms = Number.NEGATIVE_INFINITY
  private readonly actions = new Map<string, number>()
  private readonly pairs: PairTable<CoActions>
  private readonly groups: LinkedGroups
  private readonly accountScores = new Map<string, number>()

  constructor(parameters: SynchronisedNetworksParameters) {
    this.parameters = parameters
    this.summary = `${parameters.members_min} accounts or more whose times on networks are alike from ${parameters.similarity_min}`
    this.pairs = new PairTable(parameters.pairs_max, () => ({
      actions: 0,
      buckets: 0,
      lastBucket: Number.NEGATIVE_INFINITY,
    }))
    this.groups = new LinkedGroups(this.name, parameters)
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic !== 'requests') return
    const { account_id, client, end_time_ms } = value as Request
    this.latest_ms = Math.max(this.latest_ms, end_time_ms)
    this.closeUntil(this.latest_ms - this.parameters.lateness_ms)
    if (client.network_hash !== null) this.act(account_id, client.network_hash, end_time_ms)
  }

  finish(): Findings {
    this.closeUntil(Number.POSITIVE_INFINITY)
    return { findings: this.groups.finish(), accountScores: this.accountScores }
  }

  private act(account_id: string, network: number, end_time_ms: number): void {
    const { bucket_ms, network_accounts_max, actions_max } = this.parameters
    const number = Math.floor(end_time_ms / bucket_ms)
    if (number <= this.closedTo) return
    const bucket = this.open.get(number) ?? { networks: new Map(), actions: 0 }
    this.open.set(number, bucket)
    const accounts = bucket.networks.get(network) ?? new Set()
    // One more than the ceiling is enough to know that the network is popular.
    if (bucket.actions >= actions_max || accounts.size > network_accounts_max || accounts.has(account_id)) return
    bucket.networks.set(network, accounts.add(account_id))
    bucket.actions++
  }

  private closeUntil(time_ms: number): void {
    const { bucket_ms, lateness_ms } = this.parameters
    const ended = [...this.open].filter(([number]) => (number + 1) * bucket_ms <= time_ms)
    for (const [number, bucket] of ended.sort(([a], [b]) => a - b)) {
      this.open.delete(number)
      this.closedTo = number
      this.close(number, bucket, Math.min((number + 1) * bucket_ms + lateness_ms, this.latest_ms))
    }
  }

  private close(number: number, { networks }: Bucket, event_time_ms: number): void {
    const { bucket_ms, window_ms, network_accounts_max, accounts_max } = this.parameters
    const window = Math.floor((number * bucket_ms) / window_ms)
    if (window !== this.window) {
      this.window = window
      this.actions.clear()
      this.pairs.clear()
    }
    const kept = [...networks.values()].filter(({ size }) => size <= network_accounts_max)
    for (const account_id of kept.flatMap((accounts) => [...accounts])) {
      const before = this.actions.get(account_id)
      if (before !== undefined || this.actions.size < accounts_max) this.actions.set(account_id, (before ?? 0) + 1)
    }
    const met = kept.flatMap((accounts) => pairsOf([...accounts]))
    for (const [a, b] of met) this.count(a, b, number)
    for (const [a, b] of met) this.judge(a, b, event_time_ms)
  }

  private count(a: string, b: string, bucket: number): void {
    const together = this.pairs.of(a, b)
    if (!together) return
    together.actions++
    if (together.lastBucket !== bucket) together.buckets++
    together.lastBucket = bucket
  }

  private judge(a: string, b: string, event_time_ms: number): void {
    const { buckets_min, similarity_min } = this.parameters
    const [ofA, ofB, together] = [this.actions.get(a), this.actions.get(b), this.pairs.of(a, b)]
    if (ofA === undefined || ofB === undefined || !together || together.buckets < buckets_min) return
    const similarity = together.actions / (ofA + ofB - together.actions)
    for (const id of [a, b]) this.accountScores.set(id, Math.max(similarity, this.accountScores.get(id) ?? 0))
    if (similarity < similarity_min) return
    this.groups.link({ account_id: a, org_id: a }, { account_id: b, org_id: b }, event_time_ms)
  }
}

function pairsOf(accounts: readonly string[]): [string, string][] {
  return accounts.flatMap((a, n) => accounts.slice(n + 1).map((b): [string, string] => [a, b]))
}
