import { compareText } from '../../lib/stream/order.ts'
import type { AnchorAssessment } from '../../schemas/types.ts'
import { holdersOfBoth } from './anchors.ts'
import type { Holdings } from './holdings.ts'
import { isEliciting } from './object-kinds.ts'

/** Accounts that belong together, and why. */
export interface Cluster {
  /** Sorted. */
  readonly accounts: readonly string[]
  readonly anchors: readonly AnchorAssessment[]
}

/**
 * Connected components over joint holdings. Accounts that hold the same pair of objects belong together; pairs of one
 * anchor do too when the anchor is an eliciting instruction, because a campaign spreads one wrapper over many cards, while
 * two groups around one popular framework prompt are strangers. A cluster keeps its first `members_max` accounts.
 */
export function clustersOf(anchors: readonly AnchorAssessment[], holdings: Holdings, members_max: number): Cluster[] {
  const groups = new UnionFind()
  const members = new Map<AnchorAssessment, string[]>()
  for (const anchor of anchors) {
    const all: string[] = []
    for (const conjunction of anchor.conjunctions) {
      const accounts = holdersOfBoth(anchor, conjunction, holdings)
      groups.join(accounts)
      all.push(...accounts)
    }
    if (isEliciting(anchor.cues)) groups.join(all)
    members.set(anchor, all)
  }
  const clusters = new Map<string, { accounts: string[]; anchors: AnchorAssessment[] }>()
  for (const account_id of groups.keys().sort(compareText)) {
    const root = groups.find(account_id)
    const cluster = clusters.get(root) ?? { accounts: [], anchors: [] }
    clusters.set(root, cluster)
    if (cluster.accounts.length < members_max) cluster.accounts.push(account_id)
  }
  for (const [anchor, accounts] of members) {
    const roots = new Set(accounts.map((account_id) => groups.find(account_id)))
    for (const root of roots) clusters.get(root)?.anchors.push(anchor)
  }
  return [...clusters.values()]
}

/** Disjoint sets with path halving (Tarjan and van Leeuwen 1984); the smaller name becomes the root. */
class UnionFind {
  private readonly parents = new Map<string, string>()

  join(keys: readonly string[]): void {
    for (const key of keys) {
      const a = this.find(keys[0] ?? key)
      const b = this.find(key)
      if (a < b) this.parents.set(b, a)
      else if (b < a) this.parents.set(a, b)
    }
  }

  find(key: string): string {
    let node = key
    if (!this.parents.has(node)) this.parents.set(node, node)
    for (let parent = this.parents.get(node)!; parent !== node; parent = this.parents.get(node)!) {
      const grandparent = this.parents.get(parent)!
      this.parents.set(node, grandparent)
      node = grandparent
    }
    return node
  }

  keys(): string[] {
    return [...this.parents.keys()]
  }
}
