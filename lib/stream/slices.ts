/** Cuts a list into pieces of at most `items_max`; an empty list is one empty piece. */
export function slices<Item>(items: readonly Item[], items_max: number): Item[][] {
  const count = Math.max(1, Math.ceil(items.length / items_max))
  return Array.from({ length: count }, (_, index) => items.slice(index * items_max, (index + 1) * items_max))
}

/** Cuts two lists side by side, into as many pieces as the longer one needs. */
export function slicesOfTwo<First, Second>(
  [first, first_max]: readonly [readonly First[], number],
  [second, second_max]: readonly [readonly Second[], number],
): [First[], Second[]][] {
  const firsts = slices(first, first_max)
  const seconds = slices(second, second_max)
  return Array.from({ length: Math.max(firsts.length, seconds.length) }, (_, index) => [
    firsts[index] ?? [],
    seconds[index] ?? [],
  ])
}
