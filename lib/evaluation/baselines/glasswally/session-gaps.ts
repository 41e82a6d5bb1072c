import type { Entry } from './account-window.ts'
import { SILENT, type Signal, step, variation } from './signal.ts'

const SESSION_BREAK_MS = 120_000
const REQUESTS_MIN = 8
const SESSIONS_MIN = 4
const MANY_SESSIONS = 20

/** Pauses between the day's sessions that are as equal as those of a scheduler (glasswally/src/workers/session_gap.rs). */
export function sessionGaps(day: readonly Entry[]): Signal {
  if (day.length < REQUESTS_MIN) return SILENT
  const gaps: number[] = []
  const sizes: number[] = [1]
  for (let n = 1; n < day.length; n++) {
    const gap = day[n]!.time_ms - day[n - 1]!.time_ms
    if (gap >= SESSION_BREAK_MS) {
      gaps.push(gap)
      sizes.push(1)
    } else sizes[sizes.length - 1]!++
  }
  if (sizes.length < SESSIONS_MIN) return SILENT
  const regularity = 1 - variation(gaps)
  const score =
    step(regularity, [0.95, 0.55], [0.92, 0.4], [0.85, 0.2]) +
    (variation(sizes) < 0.1 && regularity > 0.85 ? 0.25 : 0) +
    (sizes.length > MANY_SESSIONS ? 0.1 : 0)
  return score < 0.15 ? SILENT : { score, confidence: step(regularity, [0.95, 0.88], [0.92, 0.75]) || 0.55 }
}
