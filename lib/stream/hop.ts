/**
 * Event time is cut into hops of equal length; hop `n` covers [n·length, (n+1)·length) ms since the epoch, so that every
 * task on every machine numbers them alike.
 */
export function hopOf(time_ms: number, length_ms: number): number {
  return Math.floor(time_ms / length_ms)
}

/** First moment after hop `hop`; what the hop emits carries this as its event time. */
export function hopEnd_ms(hop: number, length_ms: number): number {
  return (hop + 1) * length_ms
}

/** Whole hops in a time, and at least one: what state depends on is counted in hops, so that a replay agrees. */
export function hopsIn(time_ms: number, length_ms: number): number {
  return Math.max(1, Math.round(time_ms / length_ms))
}

/** The same of minutes, in which settings say their times. */
export function hopsInMinutes(minutes: number, length_ms: number): number {
  return hopsIn(minutes * 60_000, length_ms)
}
