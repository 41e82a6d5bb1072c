/** What one of Glasswally's workers says of an account at a request; both 0 to 1. */
export interface Signal {
  readonly score: number
  readonly confidence: number
}

/** Says nothing; adds nothing to the sum. */
export const SILENT: Signal = { score: 0, confidence: 0 }

/** What a signal adds to the sum, before its weight (glasswally/src/engine/fusion.rs). */
export function weighed({ score, confidence }: Signal): number {
  return Math.min(score, 1) * (0.4 + 0.6 * confidence)
}

/** The step of a ladder, highest first, that a value is on; 0 below all. */
export function step(value: number, ...ladder: readonly (readonly [from: number, score: number])[]): number {
  return ladder.find(([from]) => value >= from)?.[1] ?? 0
}

/** Standard deviation over mean; 0 of a mean of 0, as there. */
export function variation(values: readonly number[]): number {
  if (values.length === 0) return 0
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / values.length
  if (mean === 0) return 0
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  return Math.sqrt(squares / values.length) / mean
}

/** How often the most frequent value occurs. */
export function topCount(values: Iterable<unknown>): number {
  const counts = new Map<unknown, number>()
  let top = 0
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1
    counts.set(value, count)
    top = Math.max(top, count)
  }
  return top
}
