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
})
