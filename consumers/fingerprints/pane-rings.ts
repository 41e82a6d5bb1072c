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
      if (Math.floor(pane.index / HOPS_PER_LONG) > long) put('long', long, mergePanes(long, this.fivesOf(long)))
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
  }

  restore(tier: Tier, slot: number, pane: Pane): void {
    this.rings[tier][slot] = pane
    if (tier === 'hop') this.newest = Math.max(this.newest ?? pane.index, pane.index)
  }

  /** The panes that cover the last 5, 60 and 1,440 hops up to and with `hop`, oldest first. */
  windows(hop: number): { hops: number; panes: Pane[] }[] {
    const five = Math.floor(hop / HOPS_PER_FIVE)
    const long = Math.floor(hop / HOPS_PER_LONG)
    const open = this.isOpenFive(five) ? this.openFive(five) : []
    const lastClosedFive = this.unclosedFive(five)
    const fives = [...this.select('five', five - FIVES_PER_LONG + 1, five - 1), ...lastClosedFive]
    const inLong = fives.filter(({ index }) => Math.floor(index / FIVES_PER_LONG) === long)
    return [
      { hops: HOPS_PER_FIVE, panes: this.select('hop', hop - HOPS_PER_FIVE + 1, hop) },
      { hops: HOPS_PER_LONG, panes: [...fives, ...open] },
      {
        hops: HOPS_PER_LONG * LONGS_KEPT,
        panes: [
          ...this.select('long', long - LONGS_KEPT + 1, long - 1),
          ...this.unclosedLong(long),
          ...inLong,
          ...open,
        ],
      },
    ]
  }

  private isOpenFive(five: number): boolean {
    return this.newest !== null && Math.floor(this.newest / HOPS_PER_FIVE) === five
  }

  private openFive(five: number): Pane[] {
    return this.select('hop', five * HOPS_PER_FIVE, five * HOPS_PER_FIVE + HOPS_PER_FIVE - 1)
  }

  /** The newest five-hop pane when time has passed it without another hop of this account to close it. */
  private unclosedFive(five: number): Pane[] {
    if (this.newest === null) return []
    const newest = Math.floor(this.newest / HOPS_PER_FIVE)
    return newest < five && newest > five - FIVES_PER_LONG ? [mergePanes(newest, this.openFive(newest))] : []
  }

  private unclosedLong(long: number): Pane[] {
    if (this.newest === null) return []
    const newest = Math.floor(this.newest / HOPS_PER_LONG)
    return newest < long && newest > long - LONGS_KEPT ? [mergePanes(newest, this.fivesOf(newest))] : []
  }

  /** Five-hop panes of a long pane, the still open one included. */
  private fivesOf(long: number): Pane[] {
    const closed = this.select('five', long * FIVES_PER_LONG, long * FIVES_PER_LONG + FIVES_PER_LONG - 1)
    const newest = Math.floor((this.newest ?? 0) / HOPS_PER_FIVE)
    const hasNewest = closed.some(({ index }) => index === newest)
    if (hasNewest || Math.floor(newest / FIVES_PER_LONG) !== long) return closed
    return [...closed, mergePanes(newest, this.openFive(newest))]
  }

  private select(tier: Tier, from: number, to: number): Pane[] {
    return this.rings[tier]
      .filter((pane): pane is Pane => pane !== undefined && pane.index >= from && pane.index <= to)
      .sort((a, b) => a.index - b.index)
  }
}
