import { ScanMap } from './scan-map.ts'

/** A counted item; `rank` breaks ties between equal counts, larger first. */
export interface Counted<Item> {
  readonly item: Item
  readonly count: number
  readonly rank: number
}

interface Sum<Item> {
  readonly item: Item
  count: number
  rank: number
}

// A pane's lists are shorter.
const FEW = 24

/**
 * The most frequent items of a pane, found by counting everything within a hop and keeping the largest counts when panes
 * merge. An item that one pane dropped loses what it had there, so counts are lower bounds. The result does not depend
 * on the order of the inputs' items: ties go to the higher rank, then to the smaller item.
 */
export class Tally<Item extends number | string> {
  private readonly sums = new ScanMap<Item, Sum<Item>>()

  add(item: Item, count: number, rank: number): void {
    const sum = this.sums.get(item)
    if (sum === undefined) {
      this.sums.add(item, { item, count, rank })
      return
    }
    sum.count += count
    sum.rank |= rank
  }

  /** What has been counted of an item. */
  countOf(item: Item): number {
    return this.sums.get(item)?.count ?? 0
  }

  /** The largest, largest first. Nothing may be added afterwards. */
  largest(items_max: number): Counted<Item>[] {
    const { values: sums } = this.sums
    if (sums.length <= FEW) sortFew(sums)
    else sums.sort(byCount)
    return sums.length > items_max ? sums.slice(0, items_max) : sums
  }
}

/** By insertion: what comes from packed panes is nearly sorted, and `sort` costs more to begin than these take. */
function sortFew<Item extends number | string>(sums: Sum<Item>[]): void {
  for (let from = 1; from < sums.length; from++) {
    const sum = sums[from]!
    let at = from
    for (; at > 0 && byCount(sums[at - 1]!, sum) > 0; at--) sums[at] = sums[at - 1]!
    sums[at] = sum
  }
}

function byCount<Item extends number | string>(a: Counted<Item>, b: Counted<Item>): number {
  return b.count - a.count || bits(b.rank) - bits(a.rank) || (a.item < b.item ? -1 : 1)
}

function bits(mask: number): number {
  return mask === 0 ? 0 : 1
}
