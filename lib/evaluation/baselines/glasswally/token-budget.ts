import type { Entry } from './account-window.ts'
import { SILENT, type Signal, variation } from './signal.ts'

const LIMITS = [1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 128_000, 200_000]
const REQUESTS_MIN = 6
const PROGRESSION_MIN = 4

/** Output limits at a model's highest, or in a geometric or arithmetic progression (glasswally/src/workers/token_budget.rs). */
export function tokenBudget({ max_tokens }: Entry, day: readonly Entry[]): Signal {
  if (max_tokens === null) return SILENT
  const limits = day.flatMap((entry) => (entry.max_tokens === null ? [] : [entry.max_tokens]))
  if (limits.length < REQUESTS_MIN) return SILENT
  const greedy = limits.filter(isGreedy).length >= 0.7 * limits.length ? 0.3 : 0
  const swept = progression([...new Set(limits)].sort((a, b) => a - b))
  // A high median alone is too little to say anything.
  if (greedy + swept === 0) return SILENT
  const high = median(limits) > 2_000 ? 0.1 : 0
  return {
    score: greedy + swept + high,
    confidence: [greedy, swept, high].filter((part) => part > 0).length >= 2 ? 0.82 : 0.6,
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

function isGreedy(limit: number): boolean {
  const nearest = LIMITS.reduce((best, one) => (Math.abs(one - limit) < Math.abs(best - limit) ? one : best))
  return limit >= 0.9 * nearest
}

/** Of distinct values that rise. */
function progression(values: readonly number[]): number {
  if (values.length < PROGRESSION_MIN) return 0
  const pairs = values.slice(1).map((value, n) => [values[n]!, value] as const)
  const ratios = pairs.flatMap(([before, value]) => (before > 0 ? [value / before] : []))
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length
  if (mean >= 1.5 && variation(ratios) < 0.25) return 0.45
  return variation(pairs.map(([before, value]) => value - before)) < 0.2 ? 0.35 : 0
}
