import type { Refusal } from './reject.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Times outside are broken clocks or other units: 1970 is a zero, the year 57000 is milliseconds taken for seconds. */
export const TIME_MIN_MS = Date.UTC(2020, 0, 1)
export const TIME_MAX_MS = Date.UTC(2100, 0, 1)

/** How far a request may be ahead of the largest time accepted so far, or of the clock, without being doubted. */
export const AHEAD_MAX_MS = 10 * MINUTE_MS

/** Requests in a row that make a jump ahead believable. */
export const AGREEING_REQUESTS_MIN = 50

const DISAGREEMENT_MS = HOUR_MS
/** At the end of the input a jump is believed for one of two reasons: this many records, or this little distance. */
const FINAL_REQUESTS_MIN = 3
const FINAL_JUMP_MAX_MS = 12 * HOUR_MS

/** Held items, requests and what waits behind them, at about 2 KB each: 10 MB. When full, the oldest is decided as at the end. */
export const HELD_MAX = 5_000

export interface Arrival<T> {
  item: T
  /** `end_time` of a request, `event_time` of anything else. */
  time_ms: number
  /** Only requests move the watermark; anything else keeps its place among them. */
  isRequest: boolean
}

export interface ArrivalGuardOptions<T> {
  accept: (item: T) => void
  refuse: (item: T, refusal: Refusal) => void
  /** Live input: the present, in milliseconds. Nothing is held; it replaces the comparison with earlier records. */
  clock?: () => number
}

/**
 * Protects the watermark, which is the largest `end_time` seen, from one absurd time: a single record a week ahead
 * would make every later record of that week too late.
 *
 * Bounded files have no clock to compare with, so the order of the file decides, and nothing else: a request more than
 * ten minutes ahead of what was accepted before it is held until the requests after it confirm the new time (a gap in
 * the log) or contradict it (a broken clock). The start of a file is a jump from nothing. What is accepted comes out in
 * the order in which it came in, so whatever arrives behind a held request waits with it.
 */
export class ArrivalGuard<T> {
  private readonly options: ArrivalGuardOptions<T>
  private held: Arrival<T>[] = []
  private heldRequests = 0
  private accepted_ms: number | null = null

  constructor(options: ArrivalGuardOptions<T>) {
    this.options = options
  }

  /** True when the item was held: its fate comes later, by `accept` or `refuse`. */
  push(arrival: Arrival<T>): boolean {
    const { time_ms } = arrival
    if (!(time_ms >= TIME_MIN_MS && time_ms < TIME_MAX_MS)) {
      this.options.refuse(arrival.item, { reason: 'time_out_of_range', detail: 'expected a time from 2020 to 2099' })
      return false
    }
    if (this.options.clock !== undefined) return this.pushLive(arrival, this.options.clock())
    this.take(arrival)
    while (this.held.length > HELD_MAX) this.decideHead()
    return this.held.at(-1) === arrival
  }

  /** The input has ended: decides what is still held. */
  end(): void {
    while (this.held.length > 0) this.decideHead()
  }

  private pushLive(arrival: Arrival<T>, now_ms: number): boolean {
    if (arrival.isRequest && arrival.time_ms > now_ms + AHEAD_MAX_MS) this.refuseAhead(arrival, 'the clock')
    else this.accept(arrival)
    return false
  }

  private take(arrival: Arrival<T>): void {
    if (!arrival.isRequest) {
      if (this.held.length === 0) this.accept(arrival)
      else this.held.push(arrival)
      return
    }
    const contradicts = this.contradictionBy(arrival)
    const contradicted = this.held.filter(contradicts).length
    if (contradicted === 0 && this.heldRequests === 0 && this.isNear(arrival)) {
      this.accept(arrival)
      return
    }
    this.held.push(arrival)
    this.heldRequests += 1
    // The majority has it: one late straggler does not undo a gap that others confirm, nor one broken clock the hour.
    if (contradicted > 0 && this.heldRequests - contradicted >= contradicted) this.refuseHeld(contradicts)
    // Only the oldest is confirmed; the others are compared with it in their turn, or the fiftieth could be absurd.
    else if (this.heldRequests >= AGREEING_REQUESTS_MIN) this.acceptHead()
  }

  /** Which held requests can't be right if this one is: those too far ahead of it, or of what was accepted before. */
  private contradictionBy(arrival: Arrival<T>): (earlier: Arrival<T>) => boolean {
    const { accepted_ms } = this
    const limit_ms =
      accepted_ms !== null && this.isNear(arrival) ? accepted_ms + AHEAD_MAX_MS : arrival.time_ms + DISAGREEMENT_MS
    return (earlier) => earlier.isRequest && earlier.time_ms > limit_ms
  }

  private isNear(arrival: Arrival<T>): boolean {
    return this.accepted_ms !== null && arrival.time_ms <= this.accepted_ms + AHEAD_MAX_MS
  }

  private decideHead(): void {
    const head = this.held[0]!
    const agreeing = this.held.filter(
      ({ isRequest, time_ms }) => isRequest && time_ms >= head.time_ms - DISAGREEMENT_MS,
    )
    const few = agreeing.length < FINAL_REQUESTS_MIN
    if (few && this.accepted_ms !== null && head.time_ms - this.accepted_ms >= FINAL_JUMP_MAX_MS) {
      const [, ...rest] = this.release()
      this.refuseAhead(head, 'the requests before it')
      for (const arrival of rest) this.take(arrival)
    } else this.acceptHead()
  }

  /** The head of the queue is always a request: anything else passes when no request is in front of it. */
  private acceptHead(): void {
    const [head, ...rest] = this.release()
    this.accept(head!)
    for (const arrival of rest) this.take(arrival)
  }

  private release(): Arrival<T>[] {
    const { held } = this
    this.held = []
    this.heldRequests = 0
    return held
  }

  /** Refuses the held requests that are contradicted; the others are looked at anew, in their order. */
  private refuseHeld(isContradicted: (earlier: Arrival<T>) => boolean): void {
    for (const arrival of this.release()) {
      if (isContradicted(arrival)) this.refuseAhead(arrival, 'the requests around it')
      else this.take(arrival)
    }
  }

  private refuseAhead(arrival: Arrival<T>, of: string): void {
    const detail = `end_time is more than ${AHEAD_MAX_MS / MINUTE_MS} minutes ahead of ${of}`
    this.options.refuse(arrival.item, { reason: 'time_ahead', detail })
  }

  private accept(arrival: Arrival<T>): void {
    if (arrival.isRequest && !(this.accepted_ms !== null && this.accepted_ms >= arrival.time_ms)) {
      this.accepted_ms = arrival.time_ms
    }
    this.options.accept(arrival.item)
  }
}
