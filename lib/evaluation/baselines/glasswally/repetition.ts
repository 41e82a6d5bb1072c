import type { Entry } from './account-window.ts'
import { SILENT, type Signal, step, variation } from './signal.ts'

const REQUESTS_MIN = 10

/**
 * Prompts of an hour with few structures, equal lengths, or one beginning (glasswally/src/workers/biometric.rs). The hash of the
 * head span stands in for the first word, the verb and the first 30 characters.
 */
export function repetition(hour: readonly Entry[]): Signal {
  const requests = hour.length
  if (requests < REQUESTS_MIN) return SILENT
  const structures = new Map<string, number>()
  const heads = new Map<number, number>()
  let mostHeads = 0
  for (const { structure, head_hash } of hour) {
    increment(structures, structure)
    if (head_hash !== null) mostHeads = Math.max(mostHeads, increment(heads, head_hash))
  }
  const score =
    step(1 - entropy(structures, requests) / Math.log2(requests), [0.8, 0.45], [0.6, 0.2]) +
    step(1 - variation(hour.map(({ input_chars }) => input_chars)), [0.9, 0.25], [0.8, 0.1]) +
    step(mostHeads / requests, [0.6, 0.3], [0.4, 0.15])
  const confidence = Math.min(requests / 50, 1)
  return { score: score * (0.3 + 0.7 * confidence), confidence }
}

function increment<Key>(counts: Map<Key, number>, key: Key): number {
  const count = (counts.get(key) ?? 0) + 1
  counts.set(key, count)
  return count
}

function entropy(counts: ReadonlyMap<unknown, number>, total: number): number {
  let sum = 0
  for (const count of counts.values()) sum -= (count / total) * Math.log2(count / total)
  return sum
}
