import type { Library, Size } from './library.ts'
import type { Random } from './random.ts'

/** The stretch of event time that the sample covers. */
export interface Window {
  start_ms: number
  end_ms: number
}

/** When a call arrives and how large it is; calls of one session share its number. */
export interface Call {
  at_ms: number
  size: Size
  session: number
  /** Position within the session, from 0. */
  turn: number
}

type Sessions = Library['chatSessions']

/**
 * Real sessions (their gaps and sizes untouched) that begin when real requests arrived: the arrivals of one Azure
 * service, stretched over the window. What would reach beyond the window is cut.
 */
export function sessionCalls(
  sessions: Sessions,
  count: number,
  library: Library,
  window: Window,
  random: Random,
): Call[] {
  const calls: Call[] = []
  for (let session = 0; session < count; session++) {
    const begins_ms = atFraction(window, random.pick(library.arrivals))
    for (const [turn, { offset_ms, input_tokens, output_tokens }] of random.pick(sessions).entries()) {
      const at_ms = begins_ms + offset_ms
      if (at_ms < window.end_ms) calls.push({ at_ms, size: { input_tokens, output_tokens }, session, turn })
    }
  }
  return calls
}

/**
 * About `count` single calls at the pace of one real ServeGen client: its share of each ten minutes, and within them
 * Weibull gaps as uneven as its own. Sizes are those of real Azure calls.
 */
export function clientCalls(count: number, library: Library, window: Window, random: Random): Call[] {
  const { shares, cv } = random.pick(library.clientRates)
  const bin_ms = (window.end_ms - window.start_ms) / shares.length
  // A Weibull of shape 1/cv has about that coefficient of variation near 1; beyond 4 a bin is one burst anyway.
  const shape = 1 / Math.min(4, Math.max(0.25, cv))
  const calls: Call[] = []
  let due = random.unit()
  for (const [bin, share] of shares.entries()) {
    due += count * share
    const inBin = Math.floor(due)
    due -= inBin
    const gaps = Array.from({ length: inBin + 1 }, () => random.weibull(shape))
    const sum = gaps.reduce((total, gap) => total + gap, 0)
    let passed = 0
    for (const gap of gaps.slice(0, inBin)) {
      passed += gap
      const at_ms = window.start_ms + (bin + passed / sum) * bin_ms
      calls.push({ at_ms, size: random.pick(library.apiSizes), session: calls.length, turn: 0 })
    }
  }
  return calls
}

/** `count` arrival times of one real service, stretched over the window, ascending. */
export function serviceArrivals(count: number, library: Library, window: Window, random: Random): number[] {
  return Array.from(
    { length: count },
    () => atFraction(window, random.pick(library.arrivals)) + random.between(0, 5_000),
  ).sort((a, b) => a - b)
}

function atFraction({ start_ms, end_ms }: Window, fraction: number): number {
  return start_ms + fraction * (end_ms - start_ms)
}

/** The same window without its first and last part. */
export function within({ start_ms, end_ms }: Window, from: number, to: number): Window {
  const length_ms = end_ms - start_ms
  return { start_ms: start_ms + from * length_ms, end_ms: start_ms + to * length_ms }
}
