import { PairTable } from './pair-table.ts'

export interface NetworkRowParameters {
  /** Two accounts on one network in one bucket act together. */
  readonly bucket_ms: number
  /** Actions are compared within windows of this length, which is a whole number of buckets. */
  readonly window_ms: number
  /** A bucket closes when a record is this much past its end; what comes later for it is left out. */
  readonly lateness_ms: number
  readonly buckets_min: number
  /** A network with more accounts in one bucket is popular, and skipped in it. */
  readonly network_accounts_max: number
  /** Accounts on networks per open bucket. */
  readonly actions_max: number
  readonly accounts_max: number
  readonly pairs_max: number
}

/** Told of the Jaccard index of the actions of two accounts each time they have met. */
export type OnAlike = (a: string, b: string, similarity: number, event_time_ms: number) => void

interface Bucket {
  readonly networks: Map<number, Set<string>>
  actions: number
}

interface CoActions {
  actions: number
  buckets: number
  lastBucket: number
}

/** One row of buckets over event time, `offset_ms` late against the clock. */
export class NetworkRow {
  private readonly parameters: NetworkRowParameters
  private readonly offset_ms: number
  private readonly onAlike: OnAlike
  private readonly open = new Map<number, Bucket>()
  private closedTo = Number.NEGATIVE_INFINITY
  private window = Number.NEGATIVE_INFINITY
  private latest_ms = Number.NEGATIVE_INFINITY
  private readonly actions = new Map<string, number>()
  private readonly pairs: PairTable<CoActions>

  constructor(parameters: NetworkRowParameters, offset_ms: number, onAlike: OnAlike) {
    this.parameters = parameters
    this.offset_ms = offset_ms
    this.onAlike = onAlike
    this.pairs = new PairTable(parameters.pairs_max, () => ({
      actions: 0,
      buckets: 0,
      lastBucket: Number.NEGATIVE_INFINITY,
    }))
  }

  act(account_id: string, network: number | null, end_time_ms: number): void {
    const { bucket_ms, lateness_ms, network_accounts_max, actions_max } = this.parameters
    const time_ms = end_time_ms - this.offset_ms
    this.latest_ms = Math.max(this.latest_ms, time_ms)
    this.closeUntil(this.latest_ms - lateness_ms)
    const number = Math.floor(time_ms / bucket_ms)
    if (network === null || number <= this.closedTo) return
    const bucket = this.open.get(number) ?? { networks: new Map(), actions: 0 }
    this.open.set(number, bucket)
    const accounts = bucket.networks.get(network) ?? new Set()
    // One more than the ceiling is enough to know that the network is popular.
    if (bucket.actions >= actions_max || accounts.size > network_accounts_max || accounts.has(account_id)) return
    bucket.networks.set(network, accounts.add(account_id))
    bucket.actions++
  }

  finish(): void {
    this.closeUntil(Number.POSITIVE_INFINITY)
  }

  private closeUntil(time_ms: number): void {
    const { bucket_ms, lateness_ms } = this.parameters
    const ended = [...this.open].filter(([number]) => (number + 1) * bucket_ms <= time_ms)
    for (const [number, bucket] of ended.sort(([a], [b]) => a - b)) {
      this.open.delete(number)
      this.closedTo = number
      this.close(number, bucket, Math.min((number + 1) * bucket_ms + lateness_ms, this.latest_ms) + this.offset_ms)
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
    const [ofA, ofB, together] = [this.actions.get(a), this.actions.get(b), this.pairs.of(a, b)]
    if (ofA === undefined || ofB === undefined || !together || together.buckets < this.parameters.buckets_min) return
    this.onAlike(a, b, together.actions / (ofA + ofB - together.actions), event_time_ms)
  }
}

function pairsOf(accounts: readonly string[]): [string, string][] {
  return accounts.flatMap((a, n) => accounts.slice(n + 1).map((b): [string, string] => [a, b]))
}
