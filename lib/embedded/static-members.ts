import { Refused } from './errors.ts'
import { ErrorCode } from './protocol/error-codes.ts'

/** Who speaks: a member id, and the instance id of a static member (KIP-345). */
export interface MemberIdentity {
  readonly memberId: string
  readonly instanceId: string | null
}

/**
 * Which member stands for each instance id of a group. Source: `validateMember` of Apache Kafka's ClassicGroup: an instance
 * id that belongs to another member fences whoever speaks under it, before anything else is looked at.
 */
export class StaticMembers {
  readonly #memberIds = new Map<string, string>()

  memberIdOf(instanceId: string): string | undefined {
    return this.#memberIds.get(instanceId)
  }

  set({ memberId, instanceId }: MemberIdentity): void {
    if (instanceId !== null) this.#memberIds.set(instanceId, memberId)
  }

  forget({ memberId, instanceId }: MemberIdentity): void {
    if (instanceId !== null && this.#memberIds.get(instanceId) === memberId) this.#memberIds.delete(instanceId)
  }

  /** Throws Refused (UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID) unless the instance id, if there is one, is this member's. */
  check({ memberId, instanceId }: MemberIdentity): void {
    if (instanceId === null) return
    const known = this.#memberIds.get(instanceId)
    if (known === undefined) throw new Refused(ErrorCode.UNKNOWN_MEMBER_ID, `no member has the id '${instanceId}'`)
    if (known !== memberId) throw fencedInstance(instanceId)
  }
}

export function fencedInstance(instanceId: string | null): Refused {
  return new Refused(ErrorCode.FENCED_INSTANCE_ID, `another member has taken over the id '${instanceId}'`)
}
