/** Times beyond are not told apart; no limit is near it. */
const KEPT_MAX = 4_096

/** Events of a trailing length of event time, up to the latest. Records come a little out of order, and then stay a little longer. */
export class TrailingCount {
  private readonly length_ms: number
  private times_ms: number[] = []
  private first = 0
  private latest_ms = Number.NEGATIVE_INFINITY

  constructor(length_ms: number) {
    this.length_ms = length_ms
  }

  /** How many there are, with this one. */
  add(event_time_ms: number): number {
    this.latest_ms = Math.max(this.latest_ms, event_time_ms)
    this.times_ms.push(event_time_ms)
    while (this.times_ms[this.first]! <= this.latest_ms - this.length_ms || this.count() > KEPT_MAX) this.first++
    if (this.first > KEPT_MAX) {
      this.times_ms = this.times_ms.slice(this.first)
      this.first = 0
    }
    return this.count()
  }

  private count(): number {
    return this.times_ms.length - this.first
  }
}
