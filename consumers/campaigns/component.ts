import { compareText } from '../../lib/stream/order.ts'
import type { StandingAnchor, Tie } from './standing-anchor.ts'

/** Accounts that belong together, and why. */
export interface Cluster {
  /** Sorted. */
  readonly accounts: readonly string[]
  /** Sorted. */
  readonly anchors: readonly StandingAnchor[]
}

/** A connected component over joint holdings, as it grows. */
export class Component {
  /** It has become a part of another one, or has been taken apart. */
  isGone = false
  private names: string[] = []
  private readonly own = new Set<Tie>()
  private sorted = true
  private anchors: StandingAnchor[] | null = null

  /** In no order. */
  get accounts(): readonly string[] {
    return this.names
  }

  get ties(): ReadonlySet<Tie> {
    return this.own
  }

  get size(): number {
    return this.names.length + this.own.size
  }

  /** The account must not be in it. */
  join(account_id: string): void {
    this.names.push(account_id)
    this.sorted = false
  }

  tie(tie: Tie): void {
    this.own.add(tie)
    this.anchors = null
  }

  /** What is spoken of: the first `members_max` accounts, and every anchor that ties any. */
  cluster(members_max: number): Cluster {
    // All but the last few are in order already, which such a sort makes use of.
    if (!this.sorted) this.names.sort(compareText)
    this.sorted = true
    this.anchors ??= [...new Set([...this.own].map(({ anchor }) => anchor))].sort(compareAnchors)
    return {
      accounts: this.names.length > members_max ? this.names.slice(0, members_max) : this.names,
      anchors: this.anchors,
    }
  }
}

function compareAnchors({ assessment: a }: StandingAnchor, { assessment: b }: StandingAnchor): number {
  return compareText(a.kind, b.kind) || a.object - b.object
}
