import fc from 'fast-check'
import { expect, test } from 'vitest'
import xxhash from 'xxhash-wasm'
import { xxh32, xxh32Bytes } from '../../../lib/sketch/xxh32.ts'

const { h32 } = await xxhash()

test('a hash is the one that the reference implementation gives, for texts of any length and any script', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.string({ unit: fc.constantFrom('a', '\ud800'), maxLength: 20 }),
  )
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (of, seed) => {
      const length = xxh32Bytes(of)
      expect([xxh32(length, seed), xxh32(length, 1)]).toEqual([h32(of, seed), h32(of, 1)])
    }),
    { numRuns: 500 },
  )
})
