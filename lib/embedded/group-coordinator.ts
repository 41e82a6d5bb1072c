import { randomUUID } from 'node:crypto'
import type { PartitionOffset } from './committed-offsets.ts'
import { Refused } from './errors.ts'
import { Group, type JoinRequest, type JoinResult } from './group.ts'
import { ErrorCode } from './protocol/error-codes.ts'

export interface GroupLimits {
  readonly initialRebalanceDelay_ms: number
  readonly sessionTimeout_min_ms: number
  readonly sessionTimeout_max_ms: number
}

const OFFSET_METADATA_BYTES_MAX = 4096
// A group with the offsets of a hundred partitions takes about 20 kB: 10,000 of them 200 MB.
const GROUPS_MAX = 10_000

/** All consumer groups: finds or creates them and refuses what no group should see. */
export class GroupCoordinator {
  readonly #groups = new Map<string, Group>()
  readonly #limits: GroupLimits

  constructor(limits: GroupLimits) {
    this.#limits = limits
  }

  find(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  all(): Group[] {
    return [...this.#groups.values()]
  }

  /** The group a member speaks of. Throws Refused (UNKNOWN_MEMBER_ID) when there is no such group. */
  ofMember(groupId: string, memberId: string): Group {
    const group = this.#groups.get(groupId)
    if (!group) throw new Refused(ErrorCode.UNKNOWN_MEMBER_ID, `no group '${groupId}', so no member '${memberId}'`)
    return group
  }

  /**
   * Joins a group, creating it for a member without id. With `requiresMemberId` such a member is sent away with an id to
   * come back with (KIP-394), by way of `announce`. Rejects with Refused.
   */
  async join(
    groupId: string,
    request: JoinRequest,
    requiresMemberId: boolean,
    announce: (memberId: string) => void,
  ): Promise<JoinResult> {
    if (groupId === '') throw new Refused(ErrorCode.INVALID_GROUP_ID, 'the group id is empty')
    const { sessionTimeout_min_ms: min, sessionTimeout_max_ms: max } = this.#limits
    if (request.sessionTimeout_ms < min || request.sessionTimeout_ms > max) {
      throw new Refused(
        ErrorCode.INVALID_SESSION_TIMEOUT,
        `a session of ${request.sessionTimeout_ms} ms; the limits are ${min} and ${max}`,
      )
    }
    if (request.memberId !== '') return this.ofMember(groupId, request.memberId).join(request, false)

    this.#checkRoom(groupId)
    const group = this.#findOrCreate(groupId)
    const memberId = `${request.clientId}-${randomUUID()}`
    group.checkProtocols(request)
    announce(memberId)
    if (!requiresMemberId) return group.join({ ...request, memberId }, true)
    group.expect(memberId, request.sessionTimeout_ms)
    throw new Refused(ErrorCode.MEMBER_ID_REQUIRED, `join again as '${memberId}'`)
  }

  /**
   * Checks that a commit may be stored, and returns the group to store it in. Throws Refused: for a fenced member, an
   * old generation, a group that does not exist any more.
   */
  forCommit(groupId: string, memberId: string, generation: number, isTransactional: boolean): Group {
    if (groupId === '') throw new Refused(ErrorCode.INVALID_GROUP_ID, 'the group id is empty')
    const known = this.#groups.get(groupId)
    if (!known && generation >= 0) {
      throw new Refused(ErrorCode.ILLEGAL_GENERATION, `no group '${groupId}', so no generation ${generation}`)
    }
    this.#checkRoom(groupId)
    const group = this.#findOrCreate(groupId)
    group.checkCommit(memberId, generation, isTransactional)
    return group
  }

  /** Stores the offsets of a transaction that has committed; its group may have been deleted meanwhile. */
  storeCommitted(groupId: string, offsets: readonly PartitionOffset[]): void {
    const group = this.#findOrCreate(groupId)
    for (const offset of offsets) group.offsets.set(offset)
  }

  /** Throws Refused (GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP). */
  delete(groupId: string): void {
    const group = this.#groups.get(groupId)
    if (!group) throw new Refused(ErrorCode.GROUP_ID_NOT_FOUND, `no group '${groupId}'`)
    if (group.hasMembers) throw new Refused(ErrorCode.NON_EMPTY_GROUP, `group '${groupId}' has members`)
    group.close()
    this.#groups.delete(groupId)
  }

  /** Offsets of a deleted topic go with it, as in Kafka: a new topic of that name starts over. */
  forgetTopic(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.forgetTopic(topic)
  }

  close(): void {
    for (const group of this.#groups.values()) group.close()
    this.#groups.clear()
  }

  /** Throws Refused when there is no place for one more group, after forgetting those that hold nothing. */
  #checkRoom(groupId: string): void {
    if (this.#groups.size < GROUPS_MAX || this.#groups.has(groupId)) return
    for (const [id, group] of this.#groups) if (group.isForgettable) this.#groups.delete(id)
    if (this.#groups.size >= GROUPS_MAX) {
      throw new Refused(ErrorCode.POLICY_VIOLATION, `${GROUPS_MAX} groups, which is the limit`)
    }
  }

  #findOrCreate(groupId: string): Group {
    const known = this.#groups.get(groupId)
    if (known) return known
    const group = new Group(groupId, this.#limits.initialRebalanceDelay_ms)
    this.#groups.set(groupId, group)
    return group
  }
}

/** Throws Refused when the note that a client attached to its offset is too long. */
export function checkOffsetMetadata(metadata: string | null): void {
  const size_bytes = Buffer.byteLength(metadata ?? '')
  if (size_bytes > OFFSET_METADATA_BYTES_MAX) {
    throw new Refused(
      ErrorCode.OFFSET_METADATA_TOO_LARGE,
      `${size_bytes} bytes of metadata; the limit is ${OFFSET_METADATA_BYTES_MAX}`,
    )
  }
}
