import jstat from 'jstat'

/** Hits among trials, with the exact interval. */
export interface Proportion {
  readonly hits: number
  readonly trials: number
  /** Null without trials. */
  readonly rate: number | null
  /** Clopper-Pearson at 95%; 0 to 1 without trials. */
  readonly low: number
  readonly high: number
  /** With no hit: what the true rate lies below with 95% confidence, about 3 / trials. Else null. */
  readonly bound: number | null
}

const TAIL = 0.025
const MISSED = 0.05

/** Interval of Clopper and Pearson (1934): at least 95% coverage whatever the rate; wide in small samples, as it must be. */
export function proportion(hits: number, trials: number): Proportion {
  if (trials === 0) return { hits, trials, rate: null, low: 0, high: 1, bound: null }
  return {
    hits,
    trials,
    rate: hits / trials,
    low: hits === 0 ? 0 : jstat.jStat.beta.inv(TAIL, hits, trials - hits + 1),
    high: hits === trials ? 1 : jstat.jStat.beta.inv(1 - TAIL, hits + 1, trials - hits),
    bound: hits === 0 ? 1 - MISSED ** (1 / trials) : null,
  }
}
