import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claimsOf, type KnownMember, newestDeal, nextDeal } from '../../../lib/kafka/claims.ts'
import {
  type Deal,
  decodeDeal,
  decodeMemberData,
  encodeDeal,
  encodeMemberData,
} from '../../../lib/kafka/member-data.ts'
import { assignTasks } from '../../../lib/kafka/task-assignment.ts'

const TASKS = 12

/** A process of a static member: what it remembers, and what the coordinator remembers of it. */
interface Process {
  readonly instance: string
  known: KnownMember
  heard: Deal | null
  held: readonly number[]
}

/** A group of static members without a broker: restarts take a share from it, rebalances deal anew. */
class Group {
  readonly processes: Process[] = []
  private incarnations = 0
  private shares = new Map<string, readonly number[]>()
  private deal: Deal | null = null

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.start(`pod-${i}`)
    this.rebalance([])
  }

  start(instance: string): void {
    this.processes.push({ instance, known: this.joined(instance, [], null), heard: null, held: [] })
  }

  /** Another process with the same name joins: the group stays as it is, and gives it the share. */
  restart(process: Process): void {
    const { instance } = process
    const known = this.joined(instance, [], null)
    Object.assign(process, { known, heard: this.deal, held: this.shares.get(instance) ?? [] })
  }

  /** All but those that are away join again; the others stand as they joined last. */
  rebalance(away: readonly Process[]): void {
    for (const process of this.processes) {
      if (!away.includes(process)) process.known = this.joined(process.instance, process.held, process.heard, process)
    }
    const known = this.processes.map((process) => process.known)
    const assigned = assignTasks(claimsOf(known), TASKS)
    this.deal = nextDeal(known, assigned)
    this.shares = new Map(known.map(({ memberId, instance }) => [instance ?? '', assigned.get(memberId) ?? []]))
    for (const process of this.processes) {
      if (away.includes(process)) continue
      process.heard = this.deal
      process.held = this.shares.get(process.instance) ?? []
    }
  }

  dealt(): Record<string, readonly number[]> {
    return Object.fromEntries(this.shares)
  }

  private joined(instance: string, tasks: readonly number[], deal: Deal | null, process?: Process): KnownMember {
    this.incarnations += 1
    const memberId = process?.known.memberId ?? `${(this.incarnations * 7919) % 1000}-${instance}-${this.incarnations}`
    return { memberId, ...decodeMemberData(encodeMemberData({ tasks, instance, deal })) }
  }
}

const restarts = fc.array(
  fc.record({ restarted: fc.array(fc.nat(5), { maxLength: 6 }), away: fc.array(fc.nat(5), { maxLength: 6 }) }),
  { maxLength: 8 },
)

describe('the tasks of static members', () => {
  test('stay where they are over any restarts, and rebalances while some of them are away', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), restarts, (count, steps) => {
        const group = new Group(count)
        const before = group.dealt()
        for (const { restarted, away } of steps) {
          const gone = group.processes.filter((_, i) => away.includes(i))
          for (const [i, process] of group.processes.entries()) if (restarted.includes(i)) group.restart(process)
          // Somebody has to call for the rebalance, and it has not started a moment ago.
          if (gone.length < count) group.rebalance(gone)
          for (const process of gone) group.restart(process)
          expect(group.dealt()).toEqual(before)
        }
      }),
    )
  })

  test('move only as far as a newcomer needs, while others are away', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.array(fc.nat(5), { maxLength: 4 }), (count, away) => {
        const group = new Group(count)
        const before = group.dealt()
        const gone = group.processes.filter((_, i) => i > 0 && away.includes(i))
        group.start('newcomer')
        group.rebalance(gone)
        const { newcomer, ...others } = group.dealt()
        expect(newcomer).toHaveLength(Math.floor(TASKS / (count + 1)))
        for (const [instance, tasks] of Object.entries(others)) {
          expect(before[instance]).toEqual(expect.arrayContaining([...tasks]))
        }
      }),
    )
  })

  test('are not taken from whoever is at work on them', () => {
    const deal = { number: 3, shares: { one: [0, 1], two: [2, 3] } }
    const members: KnownMember[] = [
      { memberId: 'a', instance: 'one', tasks: [], deal: null },
      { memberId: 'b', instance: 'two', tasks: [2, 3], deal },
      { memberId: 'c', instance: null, tasks: [1], deal: null },
      { memberId: 'd', instance: 'late', tasks: [5], deal: { number: 2, shares: {} } },
    ]
    expect(newestDeal(members)).toBe(deal)
    expect(claimsOf(members).map(({ tasks }) => tasks)).toEqual([[0], [2, 3], [1], [5]])
  })
})

test('a group without static members deals and claims as it always has', () => {
  const members: KnownMember[] = [{ memberId: 'a', ...decodeMemberData(Buffer.from('{"tasks":[4]}')) }]
  expect(claimsOf(members)).toEqual([{ memberId: 'a', tasks: [4] }])
  expect(nextDeal(members, new Map([['a', [4]]]))).toBeNull()
  expect(String(encodeMemberData({ tasks: [4], instance: null, deal: null }))).toBe('{"tasks":[4]}')
})

test('what members say is read back, and what is not theirs says nothing', () => {
  const deal: Deal = { number: 2, shares: { 'pod-0': [0, 2], 'pod-1': [] } }
  const data = { tasks: [0, 2], instance: 'pod-0', deal }
  expect(decodeMemberData(encodeMemberData(data))).toEqual(data)
  expect(decodeDeal(encodeDeal(deal))).toEqual(deal)
  const nothing = { tasks: [], instance: null, deal: null }
  for (const bytes of ['', 'null', '[]', '{', '{"tasks":["a"]}', '{"tasks":7}'])
    expect(decodeMemberData(Buffer.from(bytes))).toEqual(nothing)
  for (const bytes of ['', '{}', '{"number":1}', '{"number":1,"shares":{"a":[0.5]}}'])
    expect(decodeDeal(Buffer.from(bytes))).toBeNull()
  expect(decodeDeal(undefined)).toBeNull()
})
