import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Counted, countedOf, Tally } from '../../../lib/sketch/heavy-hitters.ts'

function keepLargest<Item extends number | string>(items: readonly Counted<Item>[], items_max: number) {
  const tally = new Tally<Item>()
  for (const { item, count, rank } of items) tally.add(item, count, rank)
  tally.keepLargest(items_max)
  return countedOf(tally)
}

const counted = fc.array(
  fc.record({ item: fc.nat(30), count: fc.integer({ min: 1, max: 20 }), rank: fc.constantFrom(0, 1, 4) }),
  { maxLength: 60 },
)

describe('the largest items', () => {
  test('are those of a plain count, ties to the ranked and then to the smaller', () => {
    const items: Counted<string>[] = [
      { item: 'b', count: 2, rank: 0 },
      { item: 'a', count: 1, rank: 0 },
      { item: 'c', count: 2, rank: 4 },
      { item: 'a', count: 1, rank: 0 },
    ]
    expect(keepLargest(items, 3).map(({ item, count }) => [item, count])).toEqual([
      ['c', 2],
      ['a', 2],
      ['b', 2],
    ])
    expect(keepLargest(items, 1).map(({ item }) => item)).toEqual(['c'])
  })

  test('do not depend on the order of the input', () => {
    fc.assert(
      fc.property(counted, fc.integer({ min: 1, max: 8 }), (items, max) => {
        expect(keepLargest([...items].reverse(), max)).toEqual(keepLargest(items, max))
      }),
    )
  })

  test('have counts that are lower bounds when panes merge', () => {
    fc.assert(
      fc.property(counted, counted, (left, right) => {
        const exact = new Map(keepLargest([...left, ...right], 1_000).map(({ item, count }) => [item, count]))
        const merged = keepLargest([...keepLargest(left, 5), ...keepLargest(right, 5)], 5)
        expect(merged.every(({ item, count }) => count <= (exact.get(item) ?? 0))).toBe(true)
        expect(merged.length).toBe(Math.min(5, exact.size))
      }),
    )
  })
})
