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
  counted: Iterable<Counted<Item>>,
  items_max: number,
): Counted<Item>[] {
  const sums = new Map<Item, { item: Item; count: number; rank: number }>()
  for (const { item, count, rank } of counted) {
    const sum = sums.get(item)
    if (sum) {
      sum.count += count
      sum.rank |= rank
    } else sums.set(item, { item, count, rank })
  }
  if (sums.size === 0) return []
  const merged = [...sums.values()]
  if (merged.length > 1) merged.sort(byCount)
  return merged.length > items_max ? merged.slice(0, items_max) : merged
}

function byCount<Item extends number | string>(a: Counted<Item>, b: Counted<Item>): number {
  return b.count - a.count || bits(b.rank) - bits(a.rank) || (a.item < b.item ? -1 : 1)
}

function bits(mask: number): number {
  return mask === 0 ? 0 : 1
}
