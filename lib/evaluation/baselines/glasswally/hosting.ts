import type { ExactGroup } from '../exact-groups.ts'
import { SILENT, type Signal } from './signal.ts'

interface Tier {
  readonly score: number
  readonly confidence: number
  readonly asns: readonly number[]
}

/** Its tiers are names of providers; these are the best-known numbers of those providers' autonomous systems. */
const TIERS: readonly Tier[] = [
  { score: 0.5, confidence: 0.9, asns: [11878, 21769, 30058, 35908, 40676, 46844, 396998] },
  {
    score: 0.35,
    confidence: 0.8,
    asns: [
      174, 6939, 8100, 9009, 12876, 14061, 16276, 19318, 20473, 20940, 24940, 26347, 28753, 36183, 51167, 53667, 54290,
      60068, 60781, 63949, 212238,
    ],
  },
  { score: 0.2, confidence: 0.6, asns: [8075, 8987, 14618, 15169, 16509, 31898, 37963, 45090, 45102, 132203, 396982] },
]
const TIER_OF = new Map(TIERS.flatMap((tier) => tier.asns.map((asn) => [asn, tier] as const)))
const CLUSTER_MIN = 3
/** Members looked at, the first of the group: a giant one would cost its size at each request. */
const MEMBERS_MAX = 256

/** An address of a hosting provider, the more so in a cluster most of which is at one (glasswally/src/workers/asn_classifier.rs). */
export class Hosting {
  private readonly latest = new Map<string, number>()
  /** As long as nobody joins and nobody moves to another network. */
  private readonly ofClusters = new WeakMap<ExactGroup, { readonly accounts: number; readonly score: number }>()
  private readonly accounts_max: number

  constructor(accounts_max: number) {
    this.accounts_max = accounts_max
  }

  add(account_id: string, asn: number | null, group: ExactGroup | undefined): Signal {
    const before = this.latest.get(account_id)
    if (asn !== null && asn !== before && (this.latest.size < this.accounts_max || before !== undefined)) {
      this.latest.set(account_id, asn)
      if (group) this.ofClusters.delete(group)
    }
    const tier = asn === null ? undefined : TIER_OF.get(asn)
    const score = (tier?.score ?? 0) + this.ofCluster(group)
    return score < 0.15 ? SILENT : { score, confidence: tier?.confidence ?? 0.7 }
  }

  private ofCluster(group: ExactGroup | undefined): number {
    if (!group || group.accounts.size < CLUSTER_MIN) return 0
    const known = this.ofClusters.get(group)
    if (known?.accounts === group.accounts.size) return known.score
    const score = this.scoreOf(group)
    this.ofClusters.set(group, { accounts: group.accounts.size, score })
    return score
  }

  private scoreOf(group: ExactGroup): number {
    let seen = 0
    let hosted = 0
    const providers = new Map<number, number>()
    for (const id of group.accounts) {
      if (seen >= MEMBERS_MAX) break
      seen++
      const asn = this.latest.get(id)
      if (asn === undefined || !TIER_OF.has(asn)) continue
      hosted++
      providers.set(asn, (providers.get(asn) ?? 0) + 1)
    }
    if (hosted < 0.6 * seen) return 0
    return Math.max(...providers.values()) >= 0.7 * seen ? 0.5 : 0.4
  }
}
