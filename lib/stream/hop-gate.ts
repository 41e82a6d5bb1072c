/**
 * Keeps the sources together: none closes a hop more than `ahead_hops` beyond the slowest one, so that nothing downstream
 * buffers without bound. A source that has said nothing yet stands just before the first hop that any source closed.
 */
export class HopGate {
  private readonly closed: (number | null)[]
  private readonly ahead_hops: number
  private origin: number | null = null

  constructor(partitions: number, ahead_hops: number) {
    this.closed = new Array<number | null>(partitions).fill(null)
    this.ahead_hops = ahead_hops
  }

  /** Records that a source has closed every hop up to `hop`. */
  announce(partition: number, hop: number): void {
    const before = this.closed[partition]
    if (before == null) this.origin = this.origin === null ? hop : Math.min(this.origin, hop)
    this.closed[partition] = before == null ? hop : Math.max(before, hop)
  }

  /** Largest hop that a source may close now. `first`: the hop it would close next. */
  limit(first: number): number {
    if (this.closed.length === 1) return Number.POSITIVE_INFINITY
    const start = Math.min(this.origin ?? first, first) - 1
    return Math.min(...this.closed.map((hop) => hop ?? start)) + this.ahead_hops
  }

  /** Largest hop that any source has closed; null before the first. */
  furthest(): number | null {
    const known = this.closed.filter((hop) => hop !== null)
    return known.length === 0 ? null : Math.max(...known)
  }

  /** Sources that have closed less than the furthest, with how many hops they are behind. */
  behind(): { partition: number; hops: number }[] {
    const furthest = this.furthest()
    if (furthest === null) return []
    return this.closed
      .map((hop, partition) => ({ partition, hops: hop === null ? furthest + 1 : furthest - hop }))
      .filter(({ hops }) => hops > 0)
  }
}
