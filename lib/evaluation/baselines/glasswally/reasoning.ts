import type { CueClass } from '../../../sketch/cues.ts'
import type { Entry } from './account-window.ts'
import { SILENT, type Signal, topCount } from './signal.ts'

/** Classes of cues that stand in for its 33 patterns: reasoning, grading and safe rewrites. */
const PATTERNS: ReadonlySet<CueClass> = new Set<CueClass>(['reasoning', 'grading', 'rewriting'])
const REQUESTS_MIN = 5

/** Patterns in the request, their share of the hour, and one capability in most of the hour (glasswally/src/workers/cot.rs). */
export function reasoning(entry: Entry, hour: readonly Entry[]): Signal {
  let score = hasPattern(entry) ? 0.4 : 0
  if (hour.length >= REQUESTS_MIN) {
    if (hour.filter(hasPattern).length >= 0.2 * hour.length) score += 0.35
    if (topCount(hour.flatMap(({ cues }) => cues)) >= 0.7 * hour.length) score += 0.25
  }
  return { score, confidence: 0.9 }
}

/**
 * How near the request is to prompts known from campaigns (glasswally/src/workers/embed.rs); the highest of its cue scores, 0
 * to 100, stands in for the cosine.
 */
export function likeness(cue_scores: readonly number[]): Signal {
  const nearest = Math.max(0, ...cue_scores) / 100
  return nearest < 0.6 ? SILENT : { score: (nearest - 0.6) / 0.4, confidence: nearest }
}

function hasPattern({ cues }: Entry): boolean {
  return cues.some((cue) => PATTERNS.has(cue))
}
