import type { Random } from '../sample/random.ts'
import type { Window } from './stage.ts'

const DAY_MS = 86_400_000
const RELEASED = 'atlas-next'
/** What the new model takes in the end, and the time in which it takes most of that. */
const RELEASE_SHARE = 0.4
const RELEASE_DAYS = 4
/** Traffic that tries the new model within hours, and partly leaves again. */
const CURIOUS_SHARE = 0.04

/** Models by popularity, one of which comes out within the window. */
export function createModels(window: Window, random: Random) {
  const length_ms = window.end_ms - window.start_ms
  const release = { at_ms: Math.round(window.start_ms + random.between(0.4, 0.6) * length_ms), model: RELEASED }
  return {
    release,
    model(draw: Random, at_ms: number): string {
      const since_days = (at_ms - release.at_ms) / DAY_MS
      const adopted = since_days < 0 ? 0 : CURIOUS_SHARE + RELEASE_SHARE * (1 - Math.exp(-since_days / RELEASE_DAYS))
      const at = draw.unit()
      if (at < adopted) return RELEASED
      const rest = (at - adopted) / (1 - adopted)
      if (rest < 0.5) return 'atlas-large'
      if (rest < 0.78) return 'atlas-mid'
      return rest < 0.95 ? 'atlas-small' : 'atlas-large-2025'
    },
  }
}
