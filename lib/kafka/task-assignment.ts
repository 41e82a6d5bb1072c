import { compareText } from '../stream/order.ts'

/** A member of the group, with the tasks that it says it holds. */
export interface Claim {
  readonly memberId: string
  readonly tasks: readonly number[]
}

/**
 * Deals the tasks 0..taskCount-1 to the members so that each has the same number, give or take one, and as few as
 * possible move: a member keeps what it holds up to its quota, and the larger quotas go to those who hold most. A task
 * that several claim stays with the first by member id. Depends on nothing but the claims.
 */
export function assignTasks(claims: readonly Claim[], taskCount: number): Map<string, number[]> {
  const members = [...claims].sort((a, b) => compareText(a.memberId, b.memberId))
  const assigned = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]))
  if (members.length === 0) return assigned

  const taken = new Set<number>()
  const held = new Map<string, number[]>()
  for (const { memberId, tasks } of members) {
    const own = [...new Set(tasks)].filter((task) => isTask(task, taskCount) && !taken.has(task))
    for (const task of own) taken.add(task)
    held.set(
      memberId,
      own.sort((a, b) => a - b),
    )
  }

  const heldCount = (memberId: string): number => held.get(memberId)?.length ?? 0
  const byHeld = members
    .map(({ memberId }) => memberId)
    .sort((a, b) => heldCount(b) - heldCount(a) || compareText(a, b))
  const floor = Math.floor(taskCount / members.length)
  const extras = taskCount % members.length
  const quotas = new Map(byHeld.map((memberId, rank) => [memberId, rank < extras ? floor + 1 : floor]))

  const kept = new Set<number>()
  for (const [memberId, tasks] of assigned) {
    tasks.push(...(held.get(memberId) ?? []).slice(0, quotas.get(memberId)))
    for (const task of tasks) kept.add(task)
  }
  const free = Array.from({ length: taskCount }, (_, task) => task).filter((task) => !kept.has(task))
  for (const [memberId, tasks] of assigned) {
    tasks.push(...free.splice(0, (quotas.get(memberId) ?? 0) - tasks.length))
    tasks.sort((a, b) => a - b)
  }
  return assigned
}

function isTask(task: number, taskCount: number): boolean {
  return Number.isInteger(task) && task >= 0 && task < taskCount
}
