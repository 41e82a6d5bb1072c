import { type Proportion, proportion } from './proportion.ts'

/** One campaign that was tried. */
export interface Trial {
  readonly level: number
  /** Which of the rates that were tried: the multiplier. */
  readonly rate: number
  /** Answers per account and day that it got, as if nobody had stopped it. */
  readonly throughput: number
  readonly isFound: boolean
}

export interface CostPoint {
  readonly rate: number
  /** Geometric mean over its campaigns. */
  readonly throughput: number
  readonly found: Proportion
}

export interface LevelCost {
  readonly level: number
  /** By throughput. */
  readonly points: readonly CostPoint[]
  /**
   * Answers per account and day at which half of the campaigns are found: between the two neighbours on either side of a half,
   * straight in the logarithm of throughput. Null when it lies outside of what was tried.
   */
  readonly throughput_at_half: number | null
  readonly where: 'within' | 'above all tried' | 'below all tried' | 'nothing tried'
}

/** What evasion costs an attacker: the pace that still goes unnoticed half of the time, by level of evasion. */
export function costCurve(trials: readonly Trial[]): LevelCost[] {
  const levels = [...new Set(trials.map(({ level }) => level))].sort((a, b) => a - b)
  return levels.map((level) => {
    const points = pointsOf(trials.filter((trial) => trial.level === level && trial.throughput > 0))
    return { level, points, ...halfway(points) }
  })
}

function pointsOf(trials: readonly Trial[]): CostPoint[] {
  const rates = [...new Set(trials.map(({ rate }) => rate))]
  return rates
    .map((rate) => {
      const own = trials.filter((trial) => trial.rate === rate)
      return {
        rate,
        throughput: Math.exp(own.reduce((sum, { throughput }) => sum + Math.log(throughput), 0) / own.length),
        found: proportion(own.filter(({ isFound }) => isFound).length, own.length),
      }
    })
    .sort((a, b) => a.throughput - b.throughput)
}

/** The first crossing from below: what lies above it is noticed more often than not, until noise says otherwise. */
function halfway(points: readonly CostPoint[]): Pick<LevelCost, 'throughput_at_half' | 'where'> {
  if (points.length === 0) return { throughput_at_half: null, where: 'nothing tried' }
  const at = points.findIndex(({ found }) => found.rate! >= 0.5)
  if (at === -1) return { throughput_at_half: null, where: 'above all tried' }
  const over = points[at]!
  if (over.found.rate === 0.5) return { throughput_at_half: over.throughput, where: 'within' }
  const under = points[at - 1]
  if (!under) return { throughput_at_half: null, where: 'below all tried' }
  const part = (0.5 - under.found.rate!) / (over.found.rate! - under.found.rate!)
  const log = Math.log(under.throughput) + part * (Math.log(over.throughput) - Math.log(under.throughput))
  return { throughput_at_half: Math.exp(log), where: 'within' }
}
