/**
 * A seeded source of numbers. `fork` gives an independent stream, so that a change in one part leaves the others
 * alone.
 */
export interface Random {
  fork(label: string | number): Random
  /** Uniform in [0, 1). */
  unit(): number
  /** Uniform in [from, to). */
  between(from: number, to: number): number
  /** Whole number in [0, count). */
  int(count: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** Index in [0, count), rank r drawn with weight 1 / (r + 1)^exponent. */
  zipf(count: number, exponent: number): number
  /** exp(normal), median 1. */
  logNormal(sigma: number): number
  /** Weibull with scale 1; shape 1 is exponential, smaller is burstier. */
  weibull(shape: number): number
  shuffle<T>(items: readonly T[]): T[]
}

/** Mulberry32 (Tommy Ettinger, public domain) seeded by FNV-1a over the path of labels. */
export function createRandom(path: string): Random {
  let state = fnv1a(path)
  const unit = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (count: number): number => Math.floor(unit() * count)
  return {
    fork: (label) => createRandom(`${path}/${label}`),
    unit,
    between: (from, to) => from + unit() * (to - from),
    int,
    chance: (probability) => unit() < probability,
    pick: (items) => items[int(items.length)]!,
    zipf: (count, exponent) => {
      const weights = Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent)
      let left = unit() * weights.reduce((sum, weight) => sum + weight, 0)
      const found = weights.findIndex((weight) => {
        left -= weight
        return left < 0
      })
      return found === -1 ? count - 1 : found
    },
    logNormal: (sigma) => Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit())),
    weibull: (shape) => (-Math.log(1 - unit())) ** (1 / shape),
    shuffle: (items) => {
      const shuffled = [...items]
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = int(last + 1)
        const held = shuffled[last]!
        shuffled[last] = shuffled[other]!
        shuffled[other] = held
      }
      return shuffled
    },
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash | 0
}
