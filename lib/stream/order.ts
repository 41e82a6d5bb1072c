/** Order of two strings by UTF-16 code unit: the same everywhere, whatever the locale. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
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
