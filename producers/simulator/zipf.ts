import type { Random } from '../sample/random.ts'

/** Draws an index in [0, count), rank r with weight 1 / (r + 1)^exponent, in logarithmic time. */
export function createZipf(count: number, exponent: number): (random: Random) => number {
  const sums: number[] = []
  let sum = 0
  for (let rank = 0; rank < count; rank++) {
    sum += (rank + 1) ** -exponent
    sums.push(sum)
  }
  return (random) => {
    const at = random.unit() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! <= at) low = middle + 1
      else high = middle
    }
    return low
  }
}
