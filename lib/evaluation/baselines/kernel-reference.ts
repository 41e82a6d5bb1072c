import { createRandom, type Random } from '../../../producers/sample/random.ts'
import { discrepancy, KernelMean } from './kernel-mean.ts'

/** Bandwidths of the kernel as multiples of the median distance, as in arXiv 2606.05725. */
const BANDWIDTHS = [0.5, 1, 2, 4]
const FREQUENCIES_PER_BANDWIDTH = 32
const MEDIAN_PAIRS = 1_000
const RESAMPLES = 200
const QUANTILE = 0.95

/**
 * What windows are compared with: a kernel fitted to reference points, their mean, and the 95th percentile of the discrepancy
 * between random halves of them. The kernel is the mean of Gaussians of four bandwidths, by random Fourier features
 * (Rahimi and Recht, NIPS 2007). The same points in the same order give the same reference.
 */
export class KernelReference {
  readonly mean: KernelMean
  readonly threshold: number
  private readonly frequencies: readonly Float64Array[]

  /** Four points at least, all of one length. */
  constructor(points: readonly Float64Array[], seed: string) {
    const random = createRandom(seed)
    const scale = medianDistance(points, random.fork('median'))
    this.frequencies = frequenciesOf(points[0]!.length, scale, random.fork('frequencies'))
    const features = points.map((point) => this.features(point))
    this.mean = this.meanOf(features)
    const halves = random.fork('halves')
    const half = Math.floor(points.length / 2)
    const resampled = Array.from({ length: RESAMPLES }, () => {
      const shuffled = halves.shuffle(features)
      return discrepancy(this.meanOf(shuffled.slice(0, half)), this.meanOf(shuffled.slice(half)))
    })
    this.threshold = resampled.sort((a, b) => a - b)[Math.floor(QUANTILE * RESAMPLES)]!
  }

  empty(): KernelMean {
    return new KernelMean(2 * this.frequencies.length)
  }

  features(point: Float64Array): Float64Array {
    const features = new Float64Array(2 * this.frequencies.length)
    const length = Math.sqrt(this.frequencies.length)
    for (const [n, frequency] of this.frequencies.entries()) {
      let angle = 0
      for (let d = 0; d < point.length; d++) angle += frequency[d]! * point[d]!
      features[2 * n] = Math.cos(angle) / length
      features[2 * n + 1] = Math.sin(angle) / length
    }
    return features
  }

  private meanOf(features: readonly Float64Array[]): KernelMean {
    const mean = this.empty()
    for (const one of features) mean.add(one)
    return mean
  }
}

function frequenciesOf(dimensions: number, scale: number, random: Random): Float64Array[] {
  return BANDWIDTHS.flatMap((bandwidth) =>
    Array.from({ length: FREQUENCIES_PER_BANDWIDTH }, () =>
      // The logarithm of a log-normal number is a normal one.
      Float64Array.from({ length: dimensions }, () => Math.log(random.logNormal(1)) / (bandwidth * scale)),
    ),
  )
}

/** Over random pairs of different points; 1 when all points are equal, where any scale does. */
function medianDistance(points: readonly Float64Array[], random: Random): number {
  const distances = Array.from({ length: MEDIAN_PAIRS }, () => distance(random.pick(points), random.pick(points)))
  const positive = distances.filter((one) => one > 0).sort((a, b) => a - b)
  return positive[Math.floor(positive.length / 2)] ?? 1
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value, n) => sum + (value - b[n]!) ** 2, 0))
}
