import type { Random } from '../../sample/random.ts'
import type { GapFamily } from './pace.ts'

/** Shapes below this would put a fortnight's calls into one burst. */
const SHAPE_MIN = 0.1

/** A gap of mean 1. */
export function drawGap(random: Random, family: GapFamily, shape: number): number {
  const bounded = Math.max(SHAPE_MIN, shape)
  if (family === 'constant') return 1
  if (family === 'exponential') return random.weibull(1)
  if (family === 'Weibull') return random.weibull(bounded) / weibullMean(bounded)
  return gamma(random, bounded) / bounded
}

/** Of which the mean of a Weibull is taken: a gap that occurs once in more draws than this may be longer than it says. */
const QUANTILES = 5_000
const means = new Map<number, number>()

function weibullMean(shape: number): number {
  const known = means.get(shape)
  if (known !== undefined) return known
  let sum = 0
  for (let step = 0; step < QUANTILES; step++) sum += (-Math.log(1 - (step + 0.5) / QUANTILES)) ** (1 / shape)
  const mean = sum / QUANTILES
  means.set(shape, mean)
  return mean
}

/** Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 2000; scale 1. */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random.unit()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const normal = Math.log(random.logNormal(1))
    const v = (1 + c * normal) ** 3
    if (v > 0 && Math.log(1 - random.unit()) < 0.5 * normal * normal + d - d * v + d * Math.log(v)) return d * v
  }
}
