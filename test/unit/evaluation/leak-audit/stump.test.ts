import { describe, expect, it } from 'vitest'
import { areaUnderCurve, bandsOf, categoryStump, numberStump } from '../../../../lib/evaluation/leak-audit/stump.ts'

describe('a stump', () => {
  it('has the area that counting pairs gives, ties as half', () => {
    expect(areaUnderCurve([3, 2], [1, 2])).toBe((1 + 1 + 1 + 0.5) / 4)
    expect(areaUnderCurve([5], [5])).toBe(0.5)
  })

  it('takes the direction that separates', () => {
    expect(numberStump([1, 2], [3, 4])).toBe(1)
    expect(numberStump([3, 4], [1, 2])).toBe(1)
  })

  it('learns categories on one half of the accounts and tries them on the other', () => {
    const of = (value: string, half: 0 | 1) => ({ value, half })
    const shared = [of('card', 0), of('card', 1)]
    expect(categoryStump(shared, [of('a', 0), of('b', 1)])).toBe(1)
    // Each value belongs to one half: nothing that was learned is met again.
    expect(categoryStump([of('x', 0), of('y', 1)], [of('a', 0), of('b', 1)])).toBe(0.5)
  })

  it('reads few numbers as they are and many as bands', () => {
    const few = bandsOf([1, 2, 2, 3])
    expect([few(1), few(2)]).toEqual(['1', '2'])
    const many = bandsOf(Array.from({ length: 1_000 }, (_, value) => value))
    expect(many(10)).toBe(many(20))
    expect(many(10)).not.toBe(many(500))
  })
})
