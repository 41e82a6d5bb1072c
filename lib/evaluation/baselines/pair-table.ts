/** State by unordered pair of accounts, with a ceiling: pairs that come when it is full are not watched. */
export class PairTable<State> {
  private readonly states = new Map<string, Map<string, State>>()
  private readonly create: () => State
  private readonly pairs_max: number
  private pairs = 0

  constructor(pairs_max: number, create: () => State) {
    this.pairs_max = pairs_max
    this.create = create
  }

  of(a: string, b: string): State | undefined {
    const [low, high] = a < b ? [a, b] : [b, a]
    const row = this.states.get(low)
    const held = row?.get(high)
    if (held !== undefined || this.pairs >= this.pairs_max) return held
    const state = this.create()
    if (row) row.set(high, state)
    else this.states.set(low, new Map([[high, state]]))
    this.pairs++
    return state
  }

  *entries(): Generator<readonly [low: string, high: string, state: State]> {
    for (const [low, row] of this.states) for (const [high, state] of row) yield [low, high, state]
  }

  clear(): void {
    this.states.clear()
    this.pairs = 0
  }
}
