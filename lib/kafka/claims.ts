import type { Deal, MemberData } from './member-data.ts'
import type { Claim } from './task-assignment.ts'

/** A member as it stands with the coordinator: what it said when it joined last, which may be before its last restart. */
export type KnownMember = MemberData & { readonly memberId: string }

/** The newest deal that anybody has heard of. */
export function newestDeal(members: readonly KnownMember[]): Deal | null {
  const later = (newest: Deal | null, { deal }: KnownMember) =>
    (deal?.number ?? 0) > (newest?.number ?? 0) ? deal : newest
  return members.reduce(later, null)
}

/**
 * What the members of a group hold. Who has heard of the newest deal says it itself, and so does a member without an
 * instance id. Of a static member that has not, because it is away, or has started anew and holds nothing yet, the deal says
 * what it is coming back to; but nothing is taken from whoever is at work on it.
 */
export function claimsOf(members: readonly KnownMember[]): Claim[] {
  const deal = newestDeal(members)
  const speaksForItself = ({ instance, deal: heard }: KnownMember): boolean =>
    instance === null || deal === null || heard?.number === deal.number
  const atWork = new Set(members.filter(speaksForItself).flatMap(({ tasks }) => tasks))
  return members.map((member) => {
    const { memberId, instance, tasks } = member
    if (speaksForItself(member)) return { memberId, tasks }
    const share = deal?.shares[instance ?? ''] ?? tasks
    return { memberId, tasks: share.filter((task) => !atWork.has(task)) }
  })
}

/** The deal that this assignment makes; null in a group without static members. */
export function nextDeal(
  members: readonly KnownMember[],
  assigned: ReadonlyMap<string, readonly number[]>,
): Deal | null {
  const shares = members.flatMap(({ memberId, instance }) =>
    instance === null ? [] : [[instance, assigned.get(memberId) ?? []] as const],
  )
  if (shares.length === 0) return null
  return { number: (newestDeal(members)?.number ?? 0) + 1, shares: Object.fromEntries(shares) }
}
