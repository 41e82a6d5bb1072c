import type { Random } from '../sample/random.ts'
import type { Window } from './stage.ts'

const DAY_MS = 86_400_000
const INCIDENTS_PER_DAY = 1.5

/**
 * Share of calls that the provider turns away for its own reasons. Apart from a low floor there are some minutes now and
 * then in which everybody meets 529 at once: unrelated customers fail over together, which must not look like a campaign.
 */
export function createOverload(window: Window, random: Random) {
  const count = Math.ceil(((window.end_ms - window.start_ms) / DAY_MS) * INCIDENTS_PER_DAY)
  const incidents = Array.from({ length: count }, () => {
    const from_ms = random.between(window.start_ms, window.end_ms)
    return { from_ms, until_ms: from_ms + random.between(3, 12) * 60_000, share: random.between(0.05, 0.3) }
  }).sort((a, b) => a.from_ms - b.from_ms)
  let next = 0
  return {
    /** Status of a call that fails by itself, or 200. Times must not go back. */
    status(at_ms: number): number {
      while (next < incidents.length && incidents[next]!.until_ms < at_ms) next++
      const incident = incidents[next]
      if (incident !== undefined && incident.from_ms <= at_ms && random.chance(incident.share)) return 529
      const luck = random.unit()
      if (luck < 0.004) return 529
      if (luck < 0.007) return 429
      return luck < 0.0085 ? 500 : 200
    },
  }
}
