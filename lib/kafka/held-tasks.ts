import kafkajs, { type Admin } from 'kafkajs'
import { whileCoordinatorMoves } from './kafkajs-patches.ts'

/**
 * The tasks of a group that some process holds, by the partitions of the changelog in its members' assignments; null while
 * the group deals them anew. Asking takes the right to describe the group.
 */
export async function heldTasks(admin: Admin, groupId: string, changelog: string): Promise<ReadonlySet<number> | null> {
  const { groups } = await whileCoordinatorMoves(() => admin.describeGroups([groupId]))
  const group = groups[0]
  if (!group || group.state === 'Empty' || group.state === 'Dead') return new Set()
  if (group.state !== 'Stable') return null
  const assignments = group.members.map(
    ({ memberAssignment }) => kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment,
  )
  return new Set(assignments.flatMap((assignment) => assignment?.[changelog] ?? []))
}
