import TinyQueue from 'tinyqueue'

/** A record that waits for its place in the stream. It is put together when it leaves. */
interface Arrival {
  readonly order_ms: number
  readonly tie: number
  readonly render: () => object
}

/** Records in the order in which they reach the log. */
export interface Arrivals {
  readonly held: number
  add(order_ms: number, render: () => object): void
  /** Everything whose time has come by `now_ms`. */
  take(now_ms: number): Generator<object>
}

/** Records reach the log a little out of order, at most this much. */
export const ARRIVAL_DISORDER_MS = 3_000

/** Holds what has been decided but lies in the future: the calls that are being answered, not those of the whole run. */
export function createArrivals(): Arrivals {
  const queue = new TinyQueue<Arrival>([], (a, b) => a.order_ms - b.order_ms || a.tie - b.tie)
  let ties = 0
  return {
    get held() {
      return queue.length
    },
    add: (order_ms, render) => queue.push({ order_ms, tie: ties++, render }),
    *take(now_ms) {
      for (let next = queue.peek(); next !== undefined && next.order_ms <= now_ms; next = queue.peek()) {
        queue.pop()
        yield next.render()
      }
    },
  }
}
