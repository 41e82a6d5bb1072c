/** Order of two strings by UTF-16 code unit: the same everywhere, whatever the locale. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

// Below this `sort` costs more to begin than insertion takes.
const FEW = 16

/** Sorts a list in place as `sort` does; lists that are mostly short, in less time. */
export function sortMostlyFew<Item>(list: Item[], compare: (a: Item, b: Item) => number): void {
  if (list.length > FEW) {
    list.sort(compare)
    return
  }
  for (let from = 1; from < list.length; from++) {
    const item = list[from]!
    let at = from
    for (; at > 0 && compare(list[at - 1]!, item) > 0; at--) list[at] = list[at - 1]!
    list[at] = item
  }
}

/** Canonical order of what accounts hold: by kind, object, account. */
export function compareByObject(a: Holding, b: Holding): number {
  return compareText(a.kind, b.kind) || a.object - b.object || compareText(a.account_id, b.account_id)
}

interface Holding {
  readonly kind: string
  readonly object: number
  readonly account_id: string
}
