import type { Entry } from './account-window.ts'
import { SILENT, type Signal, step } from './signal.ts'

const REQUESTS_MIN = 5

/**
 * Share of the day's requests that were refused, on the scale of glasswally/src/workers/refusal_probe.rs, which looks for words of
 * eight forbidden topics instead; how many of them there were can't be known here.
 */
export function refusals(day: readonly Entry[]): Signal {
  if (day.length < REQUESTS_MIN) return SILENT
  const share = day.filter(({ isRefused }) => isRefused).length / day.length
  const score = step(share, [0.6, 0.45], [0.4, 0.3])
  return score === 0 ? SILENT : { score, confidence: 0.4 }
}
