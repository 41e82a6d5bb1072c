import type { Request } from '../../../schemas/types.ts'

const HOUR_MS = 3_600_000
/** Of an hour, the latest are kept; above 200 the published scale says no more. */
const KEPT_MAX = 256
const REQUESTS_MIN = 5
const SURE_REQUESTS = 50

/**
 * Glasswally's velocity signal: requests in the trailing hour, regular gaps and equal token counts, on its published scale
 * (glasswally/src/workers/velocity.rs). Its bonus for night hours in UTC is left out: it stands for a country.
 */
export class Velocity {
  private readonly times_ms: number[] = []
  private readonly tokens: number[] = []

  /** The signal after this request, weighed with its confidence. */
  add({ end_time_ms, usage }: Request): number {
    this.times_ms.push(end_time_ms)
    this.tokens.push(usage.input_tokens + usage.output_tokens)
    while (this.times_ms.length > KEPT_MAX || this.times_ms[0]! <= end_time_ms - HOUR_MS) {
      this.times_ms.shift()
      this.tokens.shift()
    }
    const requests = this.times_ms.length
    if (requests < REQUESTS_MIN) return 0
    const regularity = 1 - variation(this.times_ms.slice(1).map((time_ms, n) => time_ms - this.times_ms[n]!))
    const score =
      (requests > 200 ? 0.45 : requests > 60 ? 0.25 : 0) +
      (regularity > 0.7 ? 0.3 : regularity > 0.5 ? 0.15 : 0) +
      (variation(this.tokens) < 0.15 ? 0.15 : 0)
    const confidence = Math.min(requests / SURE_REQUESTS, 1)
    return weighed(score * (0.5 + 0.5 * confidence), confidence)
  }
}

/** What a signal of this confidence adds to the sum, before its weight (glasswally/src/engine/fusion.rs). */
export function weighed(score: number, confidence: number): number {
  return score * (0.4 + 0.6 * confidence)
}

/** Standard deviation over mean; of a mean of 0, 1: nothing can be said. */
function variation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (mean <= 0) return 1
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) / mean
}
