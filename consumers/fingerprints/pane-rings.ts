import { mergePanes, type Pane } from './pane.ts'

/** Hops in a five-hop pane, five-hop panes in a long pane, long panes kept. With hops of a minute: 5 min, 1 h, 24 h. */
export const HOPS_PER_FIVE = 5
export const FIVES_PER_LONG = 12
export const LONGS_KEPT = 24
export const HOPS_PER_LONG = HOPS_PER_FIVE * FIVES_PER_LONG

export type Tier = 'hop' | 'five' | 'long'
const SLOTS: Record<Tier, number> = { hop: HOPS_PER_FIVE, five: FIVES_PER_LONG, long: LONGS_KEPT }

/**
 * The panes of one account: closed panes in three rings, written to the changelog once each, never rewritten. The open
 * five-hop pane is the merge of the hop panes that belong to it, and so on up, so that memory and changelog agree exactly.
 * A slot is `index mod slots`; what it holds of an older round is outdated and ignored.
 */
export class PaneRings {
  private readonly rings: Record<Tier, (Pane | undefined)[]> = { hop: [], five: [], long: [] }
  private newest: number | null = null

  /** Adds the pane of a hop, newer than all before. `written` is told of every slot that changed. */
  add(pane: Pane, written: (tier: Tier, slot: number) => void): void {
    const put = (tier: Tier, index: number, value: Pane) => {
      const slot = index % SLOTS[tier]
      this.rings[tier][slot] = value
      written(tier, slot)
    }
    if (this.newest !== null) {
      const five = Math.floor(this.newest / HOPS_PER_FIVE)
      const long = Math.floor(this.newest / HOPS_PER_LONG)
      if (Math.floor(pane.index / HOPS_PER_FIVE) > five) put('five', five, mergePanes(five, this.openFive(five)))
      if (Math.floor(pane.index / HOPS_PER_LONG) > long) {
        put('long', long, mergePanes(long, this.select('five', long * FIVES_PER_LONG, (long + 1) * FIVES_PER_LONG - 1)))
      }
    }
    put('hop', pane.index, pane)
    this.newest = pane.index
  }

  slot(tier: Tier, slot: number): Pane | undefined {
    return this.rings[tier][slot]
  }

  /** Slots in use, for tombstones. */
  slots(): { tier: Tier; slot: number }[] {
    return (['hop', 'five', 'long'] as const).flatMap((tier) =>
      this.rings[tier].flatMap((pane, slot) => (pane ? [{ tier, slot }] : [])),
    )
  }

  clear(tier: Tier, slot: number): void {
    this.rings[tier][slot] = undefined
    if (tier === 'hop') this.newest = this.rings.hop.reduce<number | null>(newer, null)
  }

  restore(tier: Tier, slot: number, pane: Pane): void {
    this.rings[tier][slot] = pane
    if (tier === 'hop') this.newest = newer(this.newest, pane)
  }

  /**
   * The panes that cover the last 5, 60 and 1,440 hops up to and with `hop`, oldest first: closed panes of the longest
   * tier that fits, then shorter ones up to the newest hop, after which nothing happened.
   */
  windows(hop: number): { hops: number; panes: Pane[] }[] {
    const { newest } = this
    if (newest === null) return []
    const newestFive = Math.floor(newest / HOPS_PER_FIVE)
    const newestLong = Math.floor(newest / HOPS_PER_LONG)
    const firstFive = Math.floor(hop / HOPS_PER_FIVE) - FIVES_PER_LONG + 1
    const firstLong = Math.floor(hop / HOPS_PER_LONG) - LONGS_KEPT + 1
    const open = newestFive >= firstFive ? this.openFive(newestFive) : []
    const openInDay = newestLong >= firstLong ? this.openFive(newestFive) : []
    return [
      { hops: HOPS_PER_FIVE, panes: this.select('hop', hop - HOPS_PER_FIVE + 1, hop) },
      { hops: HOPS_PER_LONG, panes: [...this.select('five', firstFive, newestFive - 1), ...open] },
      {
        hops: HOPS_PER_LONG * LONGS_KEPT,
        panes: [
          ...this.select('long', firstLong, newestLong - 1),
          ...this.select('five', Math.max(newestLong, firstLong) * FIVES_PER_LONG, newestFive - 1),
          ...openInDay,
        ],
      },
    ]
  }

  private openFive(five: number): Pane[] {
    return this.select('hop', five * HOPS_PER_FIVE, five * HOPS_PER_FIVE + HOPS_PER_FIVE - 1)
  }

  private select(tier: Tier, from: number, to: number): Pane[] {
    return this.rings[tier]
      .filter((pane): pane is Pane => pane !== undefined && pane.index >= from && pane.index <= to)
      .sort((a, b) => a.index - b.index)
  }
}

function newer(newest: number | null, pane: Pane | undefined): number | null {
  return pane ? Math.max(newest ?? pane.index, pane.index) : newest
}
