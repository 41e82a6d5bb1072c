/** Sum of points in the feature space of a kernel. Each point has length 1 there. */
export class KernelMean {
  readonly sum: Float64Array
  count = 0

  constructor(dimensions: number) {
    this.sum = new Float64Array(dimensions)
  }

  add(features: Float64Array): void {
    for (let n = 0; n < features.length; n++) this.sum[n]! += features[n]!
    this.count++
  }

  clear(): void {
    this.sum.fill(0)
    this.count = 0
  }
}

/**
 * Unbiased squared maximum mean discrepancy (Gretton et al., JMLR 2012) over 1/m + 1/n, with which it scales when both sets are of
 * one distribution, so that samples of any sizes have one threshold. Both hold two points at least.
 */
export function discrepancy(a: KernelMean, b: KernelMean): number {
  const between = dot(a.sum, b.sum) / (a.count * b.count)
  return (within(a) + within(b) - 2 * between) / (1 / a.count + 1 / b.count)
}

/** Mean kernel of two different points; the diagonal, 1 each, is taken out. */
function within({ sum, count }: KernelMean): number {
  return (dot(sum, sum) - count) / (count * (count - 1))
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0
  for (let n = 0; n < a.length; n++) total += a[n]! * b[n]!
  return total
}
