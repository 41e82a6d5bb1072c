import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnionFind } from '../../../../lib/evaluation/baselines/union-find.ts'

describe('UnionFind', () => {
  it('puts two names into one component when a chain of joins leads from one to the other', () => {
    const joins = fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 40 })
    fc.assert(
      fc.property(joins, (pairs) => {
        const links = new UnionFind()
        for (const [a, b] of pairs) links.join(String(a), String(b))
        const components = links.components()
        const place = new Map(components.flatMap((names, n) => names.map((name) => [name, n] as const)))
        expect(place.size).toBe(components.flat().length)
        for (const name of place.keys()) {
          const reached = reachable(name, pairs)
          for (const other of place.keys()) expect(place.get(name) === place.get(other)).toBe(reached.has(other))
        }
      }),
    )
  })
})

function reachable(from: string, pairs: readonly (readonly [number, number])[]): Set<string> {
  const reached = new Set([from])
  for (let before = 0; before < reached.size; ) {
    before = reached.size
    for (const [a, b] of pairs) {
      if (reached.has(String(a))) reached.add(String(b))
      if (reached.has(String(b))) reached.add(String(a))
    }
  }
  return reached
}
