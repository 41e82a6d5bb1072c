import jstat from 'jstat'

/** A count of rare events over what was watched, per unit of it, with the exact interval. */
export interface EventRate {
  readonly events: number
  /** How much was watched, in units: 3.2 for 32,000 organisation-weeks and a unit of 10,000. */
  readonly units: number
  /** Null when nothing was watched. */
  readonly rate: number | null
  /** Garwood (1936) at 95%; null when nothing was watched. */
  readonly low: number | null
  readonly high: number | null
  /** With no event: what the true rate lies below with 95% confidence, 3.0 / units. Else null. */
  readonly bound: number | null
}

const TAIL = 0.025
const MISSED = 0.05

/** Events are taken as Poisson: clusters are rare among many weeks. */
export function eventRate(events: number, units: number): EventRate {
  if (units <= 0) return { events, units, rate: null, low: null, high: null, bound: null }
  const { inv } = jstat.jStat.chisquare
  return {
    events,
    units,
    rate: events / units,
    low: events === 0 ? 0 : inv(TAIL, 2 * events) / 2 / units,
    high: inv(1 - TAIL, 2 * events + 2) / 2 / units,
    bound: events === 0 ? -Math.log(MISSED) / units : null,
  }
}
