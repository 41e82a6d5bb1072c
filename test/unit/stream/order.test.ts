import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sortMostlyFew } from '../../../lib/stream/order.ts'

test('a list is sorted as the language sorts it, short or long, and equals keep their order', () => {
  const items = fc.array(fc.record({ rank: fc.nat(9), name: fc.nat() }), { maxLength: 40 })
  fc.assert(
    fc.property(items, (list) => {
      const sorted = [...list]
      sortMostlyFew(sorted, (a, b) => a.rank - b.rank)
      expect(sorted).toEqual([...list].sort((a, b) => a.rank - b.rank))
    }),
  )
})
