import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HopGate } from '../../../lib/stream/hop-gate.ts'

describe('the hop gate', () => {
  test('a lone source is never held back', () => {
    expect(new HopGate(1, 3).limit(100)).toBe(Number.POSITIVE_INFINITY)
  })

  test('no source closes more hops beyond the slowest than it may run ahead', () => {
    const gate = new HopGate(2, 3)
    gate.announce(0, 105)
    gate.announce(1, 103)
    expect(gate.limit(106)).toBe(106)
    gate.announce(1, 105)
    expect(gate.limit(106)).toBe(108)
  })

  test('a source that has said nothing stands before the first hop that any closed', () => {
    const gate = new HopGate(3, 3)
    expect(gate.limit(100)).toBe(102)
    gate.announce(0, 100)
    gate.announce(0, 102)
    expect(gate.limit(103)).toBe(102)
    expect(gate.limit(90)).toBe(92)
  })

  test('an announcement behind an earlier one of the same source changes nothing', () => {
    const gate = new HopGate(2, 1)
    gate.announce(0, 10)
    gate.announce(0, 8)
    gate.announce(1, 10)
    expect(gate.limit(11)).toBe(11)
    expect(gate.furthest()).toBe(10)
  })

  test('tells who is behind and by how much', () => {
    const gate = new HopGate(2, 3)
    expect(gate.behind()).toEqual([])
    gate.announce(0, 10)
    gate.announce(1, 7)
    expect(gate.behind()).toEqual([{ partition: 1, hops: 3 }])
  })

  test('whichever source moves, none runs further ahead than it may, and the slowest is never held back', () => {
    const sources = 4
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: sources, maxLength: sources }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(sources - 1), { maxLength: 200 }),
        (firsts, ahead_hops, moves) => {
          const gate = new HopGate(sources, ahead_hops)
          const closed = firsts.map((): number | null => null)
          const next = (source: number) => {
            const last = closed[source]
            if (last != null) return last + 1
            // As a source begins that has nothing where the others are: with an empty hop at the gate.
            return Math.min(firsts[source]!, gate.limit(firsts[source]!))
          }
          for (const source of moves) {
            const hop = next(source)
            if (hop > gate.limit(hop)) continue
            const others = closed.filter((each) => each !== null)
            for (const other of others) expect(hop - other).toBeLessThanOrEqual(ahead_hops)
            closed[source] = hop
            gate.announce(source, hop)
          }
          const known = closed.filter((each) => each !== null)
          const slowest = known.length < sources ? closed.indexOf(null) : closed.indexOf(Math.min(...known))
          expect(next(slowest)).toBeLessThanOrEqual(gate.limit(next(slowest)))
        },
      ),
    )
  })
})
