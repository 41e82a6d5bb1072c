/** A counted item; `rank` breaks ties between equal counts, larger first. */
export interface Counted<Item> {
  readonly item: Item
  readonly count: number
  readonly rank: number
}

/**
 * The most frequent items of a pane, found by counting everything within a hop and keeping the largest counts when panes
 * merge. An item that one pane dropped loses what it had there, so counts are lower bounds. The result does not depend
 * on the order of the inputs' items: ties go to the higher rank, then to the smaller item.
 */
export function keepLargest<Item extends number | string>(
  counted: readonly Counted<Item>[],
  items_max: number,
): Counted<Item>[] {
  if (counted.length === 0) return []
  const merged = counted.length <= SCAN_MAX ? sumByScan(counted) : sumByMap(counted)
  if (merged.length > 1) merged.sort(byCount)
  return merged.length > items_max ? merged.slice(0, items_max) : merged
}

interface Sum<Item> {
  readonly item: Item
  count: number
  rank: number
}

// Hashes are doubles, which a Map has to box and to hash: below this, comparing with each is faster.
const SCAN_MAX = 24

function sumByScan<Item>(counted: readonly Counted<Item>[]): Sum<Item>[] {
  const sums: Sum<Item>[] = []
  for (const { item, count, rank } of counted) {
    let at = 0
    while (at < sums.length && sums[at]!.item !== item) at++
    if (at < sums.length) add(sums[at]!, count, rank)
    else sums.push({ item, count, rank })
  }
  return sums
}

function sumByMap<Item>(counted: readonly Counted<Item>[]): Sum<Item>[] {
  const sums = new Map<Item, Sum<Item>>()
  for (const { item, count, rank } of counted) {
    const sum = sums.get(item)
    if (sum) add(sum, count, rank)
    else sums.set(item, { item, count, rank })
  }
  return [...sums.values()]
}

function add<Item>(sum: Sum<Item>, count: number, rank: number): void {
  sum.count += count
  sum.rank |= rank
}

function byCount<Item extends number | string>(a: Counted<Item>, b: Counted<Item>): number {
  return b.count - a.count || bits(b.rank) - bits(a.rank) || (a.item < b.item ? -1 : 1)
}

function bits(mask: number): number {
  return mask === 0 ? 0 : 1
}
