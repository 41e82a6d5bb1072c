/** Cuts a list into pieces of at most `items_max`; an empty list is one empty piece. */
export function slices<Item>(items: readonly Item[], items_max: number): Item[][] {
  const count = Math.max(1, Math.ceil(items.length / items_max))
  return Array.from({ length: count }, (_, index) => items.slice(index * items_max, (index + 1) * items_max))
}
