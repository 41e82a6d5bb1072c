import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Distinct } from '../../../lib/sketch/distinct.ts'

const DENSE_BYTES = 1 + 1_024
const values = fc.array(fc.nat(2 ** 31 - 1), { maxLength: 400 })

function distinctOf(items: Iterable<number>): Distinct {
  const distinct = new Distinct()
  for (const item of items) distinct.add(item)
  return distinct
}

describe('distinct counts', () => {
  test('are exact up to 128 values, repeats not counted', () => {
    for (const count of [0, 1, 2, 127, 128]) {
      const items = Array.from({ length: count }, (_, index) => index * 7_919)
      expect(distinctOf([...items, ...items]).count()).toBe(count)
    }
  })

  // Standard error 3.3 %; four of them over every size and offset tried here.
  test('are within 13 % beyond', () => {
    for (const count of [200, 500, 1_000, 2_500, 5_000, 20_000, 100_000]) {
      for (const offset of [0, 2 ** 40, 12_345_678]) {
        const items = Array.from({ length: count }, (_, index) => offset + index)
        expect(Math.abs(distinctOf(items).count() / count - 1)).toBeLessThan(0.13)
      }
    }
  })

  test('of a merge are those of the union, in any order of adding and merging', () => {
    fc.assert(
      fc.property(values, values, (left, right) => {
        const merged = distinctOf(left)
        merged.merge(distinctOf(right))
        expect(merged.encode().equals(distinctOf([...right, ...left].reverse()).encode())).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  test('survive encoding, and count on after it', () => {
    fc.assert(
      fc.property(values, fc.nat(), (items, more) => {
        const bytes = distinctOf(items).encode()
        const decoded = Distinct.decode(bytes)
        decoded.add(more)
        expect(decoded.encode().equals(distinctOf([...items, more]).encode())).toBe(true)
        expect(bytes.length).toBeLessThanOrEqual(DENSE_BYTES)
      }),
      { numRuns: 200 },
    )
  })
})
