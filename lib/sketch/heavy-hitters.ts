/** A counted item; `rank` breaks ties between equal counts, larger first. */
export interface Counted<Item> {
  readonly item: Item
  readonly count: number
  readonly rank: number
}

/** Counted items in columns, of which the first `length` count: an object for each costs more than the counting. */
export interface CountedList<Item> {
  readonly length: number
  readonly items: readonly Item[]
  readonly counts: readonly number[]
  readonly ranks: readonly number[]
}

// Hashes are doubles, which a Map has to box and to hash: below this, comparing with each is faster.
const SCAN_MAX = 64

/**
 * The most frequent items of a pane, found by counting everything within a hop and keeping the largest counts when panes
 * merge. An item that one pane dropped loses what it had there, so counts are lower bounds. The result does not depend
 * on the order of the inputs' items: ties go to the higher rank, then to the smaller item.
 */
export class Tally<Item extends number | string> implements CountedList<Item> {
  length = 0
  readonly items: Item[] = []
  readonly counts: number[] = []
  readonly ranks: number[] = []
  /** Where items stand; null while they are few. */
  private places: Map<Item, number> | null = null

  add(item: Item, count: number, rank: number): void {
    const at = this.placeOf(item)
    if (at < 0) this.append(item, count, rank)
    else {
      this.counts[at] = this.counts[at]! + count
      this.ranks[at] = this.ranks[at]! | rank
    }
  }

  addAll({ length, items, counts, ranks }: CountedList<Item>): void {
    for (let at = 0; at < length; at++) this.add(items[at]!, counts[at]!, ranks[at]!)
  }

  /** What has been counted of an item. */
  countOf(item: Item): number {
    const at = this.placeOf(item)
    return at < 0 ? 0 : this.counts[at]!
  }

  /**
   * Keeps the largest alone, largest first. Nothing may be added before the next `clear`. By insertion among those kept so
   * far: they are few, and what comes from packed panes is nearly sorted.
   */
  keepLargest(items_max: number): void {
    const { items, counts, ranks, length } = this
    let kept = 0
    for (let from = 0; from < length; from++) {
      const item = items[from]!
      const count = counts[from]!
      const rank = ranks[from]!
      let at = kept
      for (; at > 0 && isBefore(item, count, rank, items[at - 1]!, counts[at - 1]!, ranks[at - 1]!); at--);
      if (at === items_max) continue
      if (kept < items_max) kept++
      for (let to = kept - 1; to > at; to--) {
        items[to] = items[to - 1]!
        counts[to] = counts[to - 1]!
        ranks[to] = ranks[to - 1]!
      }
      items[at] = item
      counts[at] = count
      ranks[at] = rank
    }
    this.length = kept
  }

  clear(): void {
    this.length = 0
    this.places = null
  }

  private placeOf(item: Item): number {
    if (this.places !== null) return this.places.get(item) ?? -1
    const { items, length } = this
    for (let at = 0; at < length; at++) if (items[at] === item) return at
    return -1
  }

  private append(item: Item, count: number, rank: number): void {
    const at = this.length++
    this.items[at] = item
    this.counts[at] = count
    this.ranks[at] = rank
    if (this.places !== null) this.places.set(item, at)
    else if (this.length > SCAN_MAX)
      this.places = new Map(this.items.slice(0, this.length).map((each, place) => [each, place]))
  }
}

/** The items of a list, each as an object. */
export function countedOf<Item>({ length, items, counts, ranks }: CountedList<Item>): Counted<Item>[] {
  return Array.from({ length }, (_, at) => ({ item: items[at]!, count: counts[at]!, rank: ranks[at]! }))
}

/** True when the first of two different items stands before the second. */
function isBefore<Item extends number | string>(
  item: Item,
  count: number,
  rank: number,
  other: Item,
  otherCount: number,
  otherRank: number,
): boolean {
  if (count !== otherCount) return count > otherCount
  if ((rank === 0) !== (otherRank === 0)) return rank !== 0
  return item < other
}
