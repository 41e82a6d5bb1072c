import type { Entry } from './account-window.ts'
import { SILENT, type Signal, step, topCount, variation } from './signal.ts'

const REQUESTS_MIN = 10

/**
 * Prompts of an hour with few structures, equal lengths, or one beginning (glasswally/src/workers/biometric.rs). The hash of the
 * head span stands in for the first word, the verb and the first 30 characters.
 */
export function repetition(hour: readonly Entry[]): Signal {
  const requests = hour.length
  if (requests < REQUESTS_MIN) return SILENT
  const structures = hour.map(({ structure }) => structure)
  const heads = hour.flatMap(({ head_hash }) => (head_hash === null ? [] : [head_hash]))
  const score =
    step(1 - entropy(structures) / Math.log2(requests), [0.8, 0.45], [0.6, 0.2]) +
    step(1 - variation(hour.map(({ input_chars }) => input_chars)), [0.9, 0.25], [0.8, 0.1]) +
    step(topCount(heads) / requests, [0.6, 0.3], [0.4, 0.15])
  const confidence = Math.min(requests / 50, 1)
  return { score: score * (0.3 + 0.7 * confidence), confidence }
}

function entropy(values: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts.values()].reduce(
    (sum, count) => sum - (count / values.length) * Math.log2(count / values.length),
    0,
  )
}
