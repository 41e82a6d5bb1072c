import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMinHasher, estimateJaccard, MINHASH_BINS } from '../../../lib/sketch/minhash.ts'

/** Two sets with `common` shared elements and `own` elements of each alone, all derived from a seed. */
function createSets(common: number, own: number, seed: number): [number[], number[]] {
  const element = (i: number) => Math.imul(seed * 8191 + i + 1, 0x9e3779b1)
  const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => element(from + i))
  const shared = range(0, common)
  return [
    [...shared, ...range(common, own)],
    [...shared, ...range(common + own, own)],
  ]
}

/** Mean and root mean square of the estimate's error over many set pairs and keys. */
function measureError(common: number, own: number): { bias: number; rms: number } {
  const trials = 1500
  const jaccard = common / (common + 2 * own)
  let sum = 0
  let squares = 0
  for (let seed = 1; seed <= trials; seed++) {
    const minHasher = createMinHasher(Math.imul(seed, 0x85ebca6b))
    const [a, b] = createSets(common, own, seed)
    const error = estimateJaccard(minHasher.fromElements(a), minHasher.fromElements(b)) - jaccard
    sum += error
    squares += error * error
  }
  return { bias: sum / trials, rms: Math.sqrt(squares / trials) }
}

describe('minhash', () => {
  it.each([
    [200, 100],
    [500, 20],
    [60, 10],
    [100, 200],
  ])(
    'estimates the similarity of sets with %i shared and %i own elements without bias, within 1.25 standard errors',
    (common, own) => {
      const jaccard = common / (common + 2 * own)
      const { bias, rms } = measureError(common, own)
      expect(Math.abs(bias)).toBeLessThan(0.015)
      expect(rms).toBeLessThan(1.25 * Math.sqrt((jaccard * (1 - jaccard)) / MINHASH_BINS))
    },
  )

  it('stays near the truth on sets that leave most bins empty', () => {
    const { bias, rms } = measureError(6, 3)
    expect(Math.abs(bias)).toBeLessThan(0.03)
    expect(rms).toBeLessThan(0.25)
  })

  it('puts unrelated sets near 0', () => {
    const { bias } = measureError(0, 300)
    expect(bias).toBeLessThan(0.01)
  })

  it('depends on the set alone: neither order nor repetition changes it', () => {
    const minHasher = createMinHasher(7)
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 200 }), (elements) => {
        const repeated = [...elements, ...elements.toReversed()]
        expect(minHasher.fromElements(repeated)).toEqual(minHasher.fromElements(elements))
      }),
    )
  })

  it('gives unrelated minima under another key', () => {
    const elements = Array.from({ length: 300 }, (_, i) => i)
    const [a, b] = [
      createMinHasher(0x1234567).fromElements(elements),
      createMinHasher(0x7654321).fromElements(elements),
    ]
    expect(estimateJaccard(a, b)).toBeLessThan(0.2)
  })

  it('has a value for the empty set and for a single element', () => {
    expect(createMinHasher(3).fromElements([])).toEqual(Buffer.alloc(MINHASH_BINS))
    const single = createMinHasher(3).fromElements([42])
    expect(new Set(single).size).toBe(1)
  })
})
