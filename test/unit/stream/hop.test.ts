import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hopEnd_ms, hopOf, hopsIn } from '../../../lib/stream/hop.ts'

test('every moment lies in the one hop that begins at or before it and ends after it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -4e12, max: 4e12 }),
      fc.integer({ min: 1, max: 86_400_000 }),
      (time_ms, length_ms) => {
        const hop = hopOf(time_ms, length_ms)
        expect(hopEnd_ms(hop - 1, length_ms)).toBeLessThanOrEqual(time_ms)
        expect(hopEnd_ms(hop, length_ms)).toBeGreaterThan(time_ms)
        expect(hopOf(hopEnd_ms(hop, length_ms), length_ms)).toBe(hop + 1)
      },
    ),
  )
})

test('a time is the whole number of hops that is nearest to it, and one at least', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 86_400_000 }), (time_ms, length_ms) => {
      const hops = hopsIn(time_ms, length_ms)
      expect(Number.isInteger(hops)).toBe(true)
      if (time_ms < length_ms) expect(hops).toBe(1)
      else expect(Math.abs(hops * length_ms - time_ms)).toBeLessThanOrEqual(length_ms / 2)
    }),
  )
})
