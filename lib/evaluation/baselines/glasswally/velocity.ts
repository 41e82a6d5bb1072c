import type { Entry } from './account-window.ts'
import { SILENT, type Signal, step, variation } from './signal.ts'

const HOUR_S = 3_600
const REQUESTS_MIN = 5
const GAPS_MIN = 3

/**
 * Requests per hour over the span of the hour's, regular gaps, equal token counts (glasswally/src/workers/velocity.rs). Its bonus
 * for night hours in UTC is left out: it stands for a country.
 */
export function velocity(hour: readonly Entry[]): Signal {
  const requests = hour.length
  if (requests < REQUESTS_MIN) return SILENT
  const span_s = Math.max(1, Math.floor((hour.at(-1)!.time_ms - hour[0]!.time_ms) / 1_000))
  const gaps = hour.slice(1).map(({ time_ms }, n) => time_ms - hour[n]!.time_ms)
  const positive = gaps.filter((gap) => gap > 0)
  const regularity = positive.length < GAPS_MIN ? 0 : 1 - variation(positive)
  const score =
    step((requests / span_s) * HOUR_S, [200, 0.45], [60, 0.25]) +
    step(regularity, [0.7, 0.3], [0.5, 0.15]) +
    (variation(hour.map(({ tokens }) => tokens)) < 0.15 ? 0.15 : 0)
  const confidence = Math.min(requests / 50, 1)
  return { score: score * (0.5 + 0.5 * confidence), confidence }
}
