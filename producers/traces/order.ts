/** Anything that arrives at one time and is written at a later one. */
export interface Call<T> {
  event_ms: number
  end_ms: number
  value: T
}

/**
 * Calls held back at once. Mooncake and Azure arrive at 3 to 6 a second and the longest answer takes under a minute:
 * about 400. At the ceiling the earliest call leaves early, so that memory stays bounded and order degrades instead.
 */
export const IN_FLIGHT_MAX = 100_000

/**
 * Takes calls in order of arrival and yields their values in order of their end: a call leaves once a later arrival
 * shows that nothing still to come can end before it. Equal ends keep the order of arrival.
 */
export async function* orderByEnd<T>(calls: AsyncIterable<Call<T>>): AsyncGenerator<T> {
  const inFlight = new EndHeap<T>()
  for await (const call of calls) {
    while (inFlight.size > 0 && (inFlight.earliest_ms <= call.event_ms || inFlight.size >= IN_FLIGHT_MAX)) {
      yield inFlight.pop()
    }
    inFlight.push(call)
  }
  while (inFlight.size > 0) yield inFlight.pop()
}

/** Binary heap by (end, arrival order). */
class EndHeap<T> {
  private readonly nodes: { end_ms: number; order: number; value: T }[] = []
  private pushed = 0

  get size(): number {
    return this.nodes.length
  }

  get earliest_ms(): number {
    return this.nodes[0]?.end_ms ?? Number.POSITIVE_INFINITY
  }

  push(call: Call<T>): void {
    let at = this.nodes.length
    this.nodes.push({ end_ms: call.end_ms, order: this.pushed++, value: call.value })
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.before(parent, at)) break
      this.swap(parent, at)
      at = parent
    }
  }

  /** Requires `size > 0`. */
  pop(): T {
    const top = this.nodes[0]!
    const last = this.nodes.pop()!
    if (this.nodes.length > 0) {
      this.nodes[0] = last
      this.sink()
    }
    return top.value
  }

  private sink(): void {
    let at = 0
    for (;;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.nodes.length && this.before(child, least)) least = child
      }
      if (least === at) return
      this.swap(least, at)
      at = least
    }
  }

  private before(a: number, b: number): boolean {
    const left = this.nodes[a]!
    const right = this.nodes[b]!
    return left.end_ms < right.end_ms || (left.end_ms === right.end_ms && left.order < right.order)
  }

  private swap(a: number, b: number): void {
    const held = this.nodes[a]!
    this.nodes[a] = this.nodes[b]!
    this.nodes[b] = held
  }
}
