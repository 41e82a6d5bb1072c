import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hopEnd_ms, hopOf } from '../../../lib/stream/hop.ts'

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
