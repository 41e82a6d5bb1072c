import type { Random } from '../../sample/random.ts'
import type { Window } from '../stage.ts'
import { drawGap } from './gap.ts'
import { FORTNIGHT_HOURS, type Pace } from './pace.ts'

const HOUR_MS = 3_600_000
const DAY_HOURS = 24

/**
 * Arrival times at a real client's pace, `perDay` of them a day on average. A gap is drawn with mean 1 and spent at the
 * rate of each hour that it reaches into, so that bursts keep their shape whatever the volume.
 *
 * @param offset_h hours that local clocks are ahead of UTC.
 */
export function* arrivalTimes(
  pace: Pace,
  perDay: number,
  window: Window,
  offset_h: number,
  random: Random,
): Generator<number> {
  const perHour = perDay / DAY_HOURS
  let at_ms = window.start_ms
  // The first one lies anywhere in a gap.
  let left = drawGap(random, pace.family, 1) * random.unit()
  while (at_ms < window.end_ms) {
    const local_ms = at_ms + offset_h * HOUR_MS
    const hour = Math.floor(local_ms / HOUR_MS)
    const index = (((hour - EPOCH_MONDAY_H) % FORTNIGHT_HOURS) + FORTNIGHT_HOURS) % FORTNIGHT_HOURS
    const rest_ms = (hour + 1) * HOUR_MS - local_ms
    const rate = pace.rates[index]! * perHour
    const spent = (rate * rest_ms) / HOUR_MS
    if (spent < left) {
      left -= spent
      at_ms += rest_ms
      continue
    }
    at_ms += (left / rate) * HOUR_MS
    if (at_ms >= window.end_ms) return
    yield at_ms
    left = drawGap(random, pace.family, pace.shapes[index]!)
  }
}

/** 1970-01-05 was a Monday; fortnights are counted from it. */
const EPOCH_MONDAY_H = 4 * DAY_HOURS
