import { createRandom } from '../../../producers/sample/random.ts'

export interface Interval {
  readonly low: number
  readonly high: number
}

const RESAMPLES = 1_000
const TAIL = 0.025

/**
 * Percentile interval at 95% of a statistic over clusters, which are drawn again with replacement (Efron 1979; Field and
 * Welsh 2007 for clusters). The unit is the campaign: its accounts and events go together, and resampling them one by one would make
 * any interval as narrow as one likes. Null below two clusters, where nothing can be said.
 */
export function bootstrap<Cluster>(
  clusters: readonly Cluster[],
  statistic: (drawn: readonly Cluster[]) => number | null,
  seed: number | string,
  resamples = RESAMPLES,
): Interval | null {
  if (clusters.length < 2) return null
  const random = createRandom(`bootstrap/${seed}`)
  const values: number[] = []
  for (let i = 0; i < resamples; i++) {
    const value = statistic(clusters.map(() => random.pick(clusters)))
    if (value !== null) values.push(value)
  }
  if (values.length === 0) return null
  values.sort((a, b) => a - b)
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))]!
  return { low: at(TAIL), high: at(1 - TAIL) }
}
