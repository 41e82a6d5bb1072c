import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignTasks, type Claim } from '../../../lib/kafka/task-assignment.ts'

const claimsOf = (assigned: ReadonlyMap<string, number[]>): Claim[] =>
  [...assigned].map(([memberId, tasks]) => ({ memberId, tasks }))

function movedTasks(before: ReadonlyMap<string, number[]>, after: ReadonlyMap<string, number[]>): number {
  let moved = 0
  for (const [memberId, tasks] of after) {
    moved += tasks.filter((task) => !before.get(memberId)?.includes(task)).length
  }
  return moved
}

const arbitraryClaims = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 9 })
  .chain((memberIds) =>
    fc.tuple(
      ...memberIds.map((memberId) => fc.record({ memberId: fc.constant(memberId), tasks: fc.array(fc.nat(20)) })),
    ),
  )

describe('the assignment of tasks', () => {
  test('gives every task to exactly one member, whatever they claim, and no member two more than another', () => {
    fc.assert(
      fc.property(arbitraryClaims, fc.integer({ min: 0, max: 16 }), (claims, taskCount) => {
        const assigned = assignTasks(claims, taskCount)
        const all = [...assigned.values()].flat().sort((a, b) => a - b)
        expect(all).toEqual(Array.from({ length: taskCount }, (_, task) => task))
        const counts = [...assigned.values()].map((tasks) => tasks.length)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('does not depend on the order of the members or of their claims', () => {
    fc.assert(
      fc.property(arbitraryClaims, fc.integer({ min: 1, max: 16 }), (claims, taskCount) => {
        const reversed = [...claims].reverse().map(({ memberId, tasks }) => ({ memberId, tasks: [...tasks].reverse() }))
        const sorted = (assigned: Map<string, number[]>) => [...assigned].sort(([a], [b]) => (a < b ? -1 : 1))
        expect(sorted(assignTasks(reversed, taskCount))).toEqual(sorted(assignTasks(claims, taskCount)))
      }),
    )
  })

  test('moves nothing when nothing has changed', () => {
    fc.assert(
      fc.property(arbitraryClaims, fc.integer({ min: 1, max: 16 }), (claims, taskCount) => {
        const first = assignTasks(claims, taskCount)
        expect(assignTasks(claimsOf(first), taskCount)).toEqual(first)
      }),
    )
  })

  test('moves no more than the newcomer gets when a member joins', () => {
    fc.assert(
      fc.property(arbitraryClaims, fc.integer({ min: 1, max: 16 }), (claims, taskCount) => {
        const before = assignTasks(claims, taskCount)
        const after = assignTasks([...claimsOf(before), { memberId: 'newcomer', tasks: [] }], taskCount)
        expect(movedTasks(before, after)).toBe(after.get('newcomer')?.length)
      }),
    )
  })

  test('moves no more than the leaver had when a member leaves', () => {
    fc.assert(
      fc.property(arbitraryClaims, fc.integer({ min: 1, max: 16 }), fc.nat(), (claims, taskCount, pick) => {
        fc.pre(claims.length > 1)
        const before = assignTasks(claims, taskCount)
        const leaver = claims[pick % claims.length]!.memberId
        const remaining = claimsOf(before).filter(({ memberId }) => memberId !== leaver)
        const after = assignTasks(remaining, taskCount)
        expect(movedTasks(before, after)).toBe(before.get(leaver)?.length)
      }),
    )
  })

  test('splits four tasks as members come: 4, 2+2, 2+1+1', () => {
    const one = assignTasks([{ memberId: 'a', tasks: [] }], 4)
    expect(one.get('a')).toEqual([0, 1, 2, 3])
    const two = assignTasks([...claimsOf(one), { memberId: 'b', tasks: [] }], 4)
    expect([...two]).toEqual([
      ['a', [0, 1]],
      ['b', [2, 3]],
    ])
    const three = assignTasks([...claimsOf(two), { memberId: 'c', tasks: [] }], 4)
    expect([...three]).toEqual([
      ['a', [0, 1]],
      ['b', [2]],
      ['c', [3]],
    ])
  })

  test('a rolling restart moves what a member leaves and what it gets back, and nothing else', () => {
    // Member ids have no order that says anything; a process that starts again is a new member, which holds nothing.
    const members = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), {
      minLength: 1,
      maxLength: 6,
      comparator: (a, b) => a.some((id) => b.includes(id)),
    })
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 24 }), (restarts, taskCount) => {
        fc.pre(restarts.every(([before, after]) => before !== after))
        let assigned = assignTasks(
          restarts.map(([memberId]) => ({ memberId, tasks: [] })),
          taskCount,
        )
        // The others keep the larger shares that they have.
        const share = Math.floor(taskCount / restarts.length)
        for (const [before, after] of restarts) {
          const others = claimsOf(assigned).filter(({ memberId }) => memberId !== before)
          const without = assignTasks(others, taskCount)
          if (others.length > 0) expect(movedTasks(assigned, without)).toBe(assigned.get(before)?.length)
          assigned = assignTasks([...claimsOf(without), { memberId: after, tasks: [] }], taskCount)
          expect(assigned.get(after)).toHaveLength(share)
          expect(movedTasks(without, assigned)).toBe(share)
        }
      }),
    )
  })
})
