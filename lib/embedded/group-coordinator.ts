import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { PartitionOffset } from './committed-offsets.ts'
import { Refused } from './errors.ts'
import { Group, type JoinRequest, type JoinResult } from './group.ts'
import { groupRow } from './group-row.ts'
import { ErrorCode } from './protocol/error-codes.ts'
import type { Change, Tables } from './storage/tables.ts'

export interface GroupLimits {
  readonly initialRebalanceDelay_ms: number
  readonly sessionTimeout_min_ms: number
  readonly sessionTimeout_max_ms: number
}

const GROUPS_TABLE = 'groups'
const OFFSETS_TABLE = 'offsets'
/** Under the group's id, its offsets under group, topic and partition. */
const offsetRow = z.object({
  group: z.string(),
  topic: z.string(),
  partition: z.number(),
  offset: z.number(),
  metadata: z.string().nullable(),
})

const OFFSET_METADATA_BYTES_MAX = 4096
// A group with the offsets of a hundred partitions takes about 20 kB: 10,000 of them 200 MB.
const GROUPS_MAX = 10_000

/** All consumer groups: finds or creates them and refuses what no group should see. */
export class GroupCoordinator {
  readonly #groups = new Map<string, Group>()
  readonly #limits: GroupLimits
  readonly #tables: Tables

  /** Takes up the groups that are in the tables, with the offsets of topics that still exist. */
  constructor(limits: GroupLimits, storage: { tables: Tables; hasTopic: (topic: string) => boolean }) {
    this.#limits = limits
    this.#tables = storage.tables
    for (const { key, row } of this.#tables.rows(GROUPS_TABLE)) this.#findOrCreate(key).restore(groupRow.parse(row))
    const strays: Change[] = []
    for (const { key, row } of this.#tables.rows(OFFSETS_TABLE)) {
      const { group, ...offset } = offsetRow.parse(row)
      if (storage.hasTopic(offset.topic)) this.#findOrCreate(group).offsets.set(offset)
      else strays.push({ table: OFFSETS_TABLE, key, row: null })
    }
    this.#tables.write(strays)
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
   * come back with (KIP-394), by way of `announce`; a static one is known by its own. Rejects with Refused.
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
    const memberId = `${request.instanceId ?? request.clientId}-${randomUUID()}`
    group.checkProtocols(request)
    announce(memberId)
    if (!requiresMemberId || request.instanceId !== null) return group.join({ ...request, memberId }, true)
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

  /**
   * Stores offsets of groups, all or none, together with another change: the end of the transaction that they belong to.
   * A group may have been deleted since its offsets were checked.
   */
  commit(offsetsByGroup: ReadonlyMap<string, readonly PartitionOffset[]>, alongside: readonly Change[] = []): void {
    const offsets = [...offsetsByGroup].flatMap(([group, list]) => list.map((offset) => ({ group, ...offset })))
    const changes = offsets.map((row) => ({ table: OFFSETS_TABLE, key: offsetKey(row.group, row), row }))
    this.#tables.write([...alongside, ...changes])
    for (const { group, ...offset } of offsets) this.#findOrCreate(group).offsets.set(offset)
  }

  /** Throws Refused (GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP). */
  delete(groupId: string): void {
    const group = this.#groups.get(groupId)
    if (!group) throw new Refused(ErrorCode.GROUP_ID_NOT_FOUND, `no group '${groupId}'`)
    if (group.hasMembers) throw new Refused(ErrorCode.NON_EMPTY_GROUP, `group '${groupId}' has members`)
    group.close()
    this.#forget(group)
  }

  /** Offsets of a deleted topic go with it, as in Kafka: a new topic of that name starts over. */
  forgetTopic(topic: string): void {
    this.#tables.write(this.all().flatMap((group) => offsetsGone(group, ({ topic: name }) => name === topic)))
    for (const group of this.#groups.values()) group.offsets.forgetTopic(topic)
  }

  close(): void {
    for (const group of this.#groups.values()) group.close()
    this.#groups.clear()
  }

  /** Throws Refused when there is no place for one more group, after forgetting those that hold nothing. */
  #checkRoom(groupId: string): void {
    if (this.#groups.size < GROUPS_MAX || this.#groups.has(groupId)) return
    for (const group of this.all()) if (group.isForgettable) this.#forget(group)
    if (this.#groups.size >= GROUPS_MAX) {
      throw new Refused(ErrorCode.POLICY_VIOLATION, `${GROUPS_MAX} groups, which is the limit`)
    }
  }

  #findOrCreate(groupId: string): Group {
    const known = this.#groups.get(groupId)
    if (known) return known
    const group = new Group(groupId, {
      initialDelay_ms: this.#limits.initialRebalanceDelay_ms,
      save: (row) => this.#tables.write([{ table: GROUPS_TABLE, key: groupId, row }]),
    })
    this.#groups.set(groupId, group)
    return group
  }

  #forget(group: Group): void {
    this.#tables.write([{ table: GROUPS_TABLE, key: group.id, row: null }, ...offsetsGone(group, () => true)])
    this.#groups.delete(group.id)
  }
}

function offsetKey(group: string, { topic, partition }: { topic: string; partition: number }): string {
  return JSON.stringify([group, topic, partition])
}

/** The changes that remove a group's offsets, of the topics that are `meant`. */
function offsetsGone(group: Group, meant: (place: { topic: string }) => boolean): Change[] {
  return group.offsets
    .partitions()
    .filter(meant)
    .flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({
        table: OFFSETS_TABLE,
        key: offsetKey(group.id, { topic, partition }),
        row: null,
      })),
    )
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
