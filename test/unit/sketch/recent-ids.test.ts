import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idHash, RecentIds } from '../../../lib/sketch/recent-ids.ts'

const HOPS_MAX = 5

describe('recent ids', () => {
  // The last are hops of a tenth of a second in 2026, which are beyond 32 bits.
  test.each([0, 29_000_000, 17_700_000_000])('are those that a map of ids to hops holds, from hop %i on', (first) => {
    const step = fc.record({ id: fc.nat(40), forward: fc.nat(2) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const recent = new RecentIds(HOPS_MAX)
        const model = new Map<number, number>()
        let hop = first
        for (const { id, forward } of steps) {
          hop += forward
          const known = model.get(id)
          const isNew = known === undefined || hop - known >= HOPS_MAX
          if (isNew) model.set(id, hop)
          expect(recent.add(id * 0x10_0001, hop)).toBe(isNew)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('grow with the ids that live, and shrink back when they have expired', () => {
    const recent = new RecentIds(HOPS_MAX)
    for (let n = 0; n < 5_000; n++) expect(recent.add(idHash(`id-${n}`), 100)).toBe(true)
    for (let n = 0; n < 5_000; n++) expect(recent.add(idHash(`id-${n}`), 104)).toBe(false)
    expect(recent.size()).toBe(5_000)
    for (let n = 5_000; n < 20_000; n++) recent.add(idHash(`id-${n}`), 105 + n)
    expect(recent.size()).toBeLessThan(10_000)
  })

  test('have hashes of 52 bits that differ', () => {
    const hashes = new Set(Array.from({ length: 20_000 }, (_, n) => idHash(`event-${n}`)))
    expect(hashes.size).toBe(20_000)
    for (const hash of hashes) expect(Number.isSafeInteger(hash) && hash >= 0 && hash < 2 ** 52).toBe(true)
  })
})
