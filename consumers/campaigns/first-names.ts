import { compareText } from '../../lib/stream/order.ts'

/** The first `names_max` names of some lists in order, each once, without sorting what comes behind them. */
export function firstNames(
  lists: readonly Iterable<string>[],
  without: ReadonlySet<string>,
  names_max: number,
): string[] {
  let found = new Set<string>()
  let last: string | null = null
  const cut = () => [...found].sort(compareText).slice(0, names_max)
  for (const list of lists) {
    for (const name of list) {
      if ((last !== null && name >= last) || without.has(name)) continue
      found.add(name)
      if (found.size < 2 * names_max) continue
      const kept = cut()
      found = new Set(kept)
      last = kept.at(-1) ?? null
    }
  }
  return cut()
}
