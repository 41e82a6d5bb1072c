import type { Random } from '../../sample/random.ts'
import type { Evasion } from '../evasion.ts'
import { FORTNIGHT_HOURS, type Pace, peoplePace, steadyPaces } from '../pace/pace.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import type { Window } from '../stage.ts'

const ALWAYS = Array.from({ length: FORTNIGHT_HOURS }, () => 1)
const METRONOME: Pace = { family: 'constant', rates: ALWAYS, shapes: ALWAYS }

/** Times at which a campaign's program has work, about `perDay` a day. */
export function workTimes(pace: Evasion['pace'], perDay: number, window: Window, random: Random): Generator<number> {
  return arrivalTimes(rhythmOf(pace, random), perDay, window, 0, random)
}

/** A machine's, that of a real client around the clock, or that of people. */
function rhythmOf(pace: Evasion['pace'], random: Random): Pace {
  if (pace === 'metronome') return METRONOME
  return pace === 'diurnal' ? peoplePace() : random.pick(steadyPaces())
}
