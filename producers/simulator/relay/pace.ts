import type { Library } from '../../sample/library.ts'
import type { Random } from '../../sample/random.ts'
import type { Evasion } from '../evasion.ts'
import type { Window } from '../stage.ts'

const BIN_MS = 600_000
export const DAY_MS = 86_400_000
const BINS_PER_DAY = DAY_MS / BIN_MS

/**
 * Times at which jobs come in, ascending, about `perDay` a day. A metronome has equal gaps; jitter has gaps as uneven as a
 * real client's around the clock; diurnal follows the hours of a working day as well.
 */
export function* arrivalTimes(
  pace: Evasion['pace'],
  perDay: number,
  window: Window,
  library: Library,
  random: Random,
): Generator<number> {
  if (perDay <= 0) return
  if (pace === 'metronome') {
    const gap_ms = DAY_MS / perDay
    for (let at_ms = window.start_ms + gap_ms * random.unit(); at_ms < window.end_ms; at_ms += gap_ms) yield at_ms
    return
  }
  const { cv } = random.pick(library.clientRates)
  // A Weibull of shape 1/cv has about that coefficient of variation near 1.
  const shape = 1 / Math.min(3, Math.max(0.5, cv))
  let due = random.unit()
  for (let bin_ms = window.start_ms; bin_ms < window.end_ms; bin_ms += BIN_MS) {
    due += (perDay / BINS_PER_DAY) * (pace === 'diurnal' ? dayShape(bin_ms) : 1)
    const inBin = Math.floor(due)
    due -= inBin
    if (inBin === 0) continue
    const gaps = Array.from({ length: inBin + 1 }, () => random.weibull(shape))
    const sum = gaps.reduce((total, gap) => total + gap, 0)
    let passed = 0
    for (const gap of gaps.slice(0, inBin)) {
      passed += gap
      const at_ms = bin_ms + (passed / sum) * BIN_MS
      if (at_ms < window.end_ms) yield at_ms
    }
  }
}

/** Most activity at 14:00 UTC, hardly any at 02:00, less at weekends; mean about 1 over a working day. */
function dayShape(at_ms: number): number {
  const day = (at_ms / DAY_MS) % 7
  const weekday = Math.floor(day + 4) % 7
  const daylight = 1 - 0.85 * Math.cos(((day % 1) - 2 / 24) * 2 * Math.PI)
  return daylight * (weekday === 0 || weekday === 6 ? 0.6 : 1)
}
