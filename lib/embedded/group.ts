import { CommittedOffsets } from './committed-offsets.ts'
import { Refused } from './errors.ts'
import type { GroupRow } from './group-row.ts'
import { ErrorCode } from './protocol/error-codes.ts'
import { fencedInstance, type MemberIdentity, StaticMembers } from './static-members.ts'
import { after } from './timer.ts'

/**
 * The states of a classic consumer group and where each may go, as in Kafka's ClassicGroupState.
 *
 * empty: no members, perhaps committed offsets. preparing-rebalance: waiting until every member has joined.
 * completing-rebalance: joined, waiting for the leader's assignment. stable: every member can have its assignment.
 */
export type GroupState = 'empty' | 'preparing-rebalance' | 'completing-rebalance' | 'stable'

const LEGAL_MOVES: Readonly<Record<GroupState, readonly GroupState[]>> = {
  empty: ['preparing-rebalance'],
  'preparing-rebalance': ['completing-rebalance', 'empty'],
  'completing-rebalance': ['stable', 'preparing-rebalance'],
  stable: ['preparing-rebalance'],
}

export interface Protocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface JoinRequest extends MemberIdentity {
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeout_ms: number
  readonly rebalanceTimeout_ms: number
  readonly protocolType: string
  readonly protocols: readonly Protocol[]
}

export interface JoinResult {
  readonly generation: number
  readonly protocol: string
  readonly leaderId: string
  /** Everyone's metadata for the leader, nothing for the others. */
  readonly members: readonly (MemberIdentity & { metadata: Buffer })[]
}

interface Waiter<T> {
  resolve(result: T): void
  reject(refusal: Refused): void
}

interface Member {
  readonly id: string
  request: JoinRequest
  assignment: Buffer
  joining: Waiter<JoinResult> | null
  syncing: Waiter<Buffer> | null
  sessionTimer: NodeJS.Timeout | null
}

export interface MemberDescription {
  readonly memberId: string
  readonly clientId: string
  readonly clientHost: string
  readonly metadata: Buffer
  readonly assignment: Buffer
}

const NOTHING = Buffer.alloc(0)

/**
 * One consumer group on the classic protocol: the join barrier, generations, sync, heartbeats and evictions.
 * Assignments are bytes that pass through untouched. Refusals carry the error code to answer.
 * Source: GroupMetadataManager and ClassicGroup of Apache Kafka; KIP-394 for member ids, KIP-345 for static members.
 */
export class Group {
  readonly id: string
  readonly offsets = new CommittedOffsets()
  readonly #initialDelay_ms: number
  readonly #save: (row: GroupRow) => void
  readonly #members = new Map<string, Member>()
  readonly #staticMembers = new StaticMembers()
  /** Ids that were handed out and have not joined yet, with their expiry. */
  readonly #expectedIds = new Map<string, NodeJS.Timeout>()
  #state: GroupState = 'empty'
  #generation = 0
  #leaderId = ''
  #protocol = ''
  #protocolType = ''
  /** Members of this generation that have not asked for their assignment yet. */
  readonly #unsynced = new Set<string>()
  #barrierTimer: NodeJS.Timeout | null = null
  #syncTimer: NodeJS.Timeout | null = null
  /** While true, the first rebalance of an empty group waits for more members even if all have joined. */
  #isGathering = false
  #hasNewMembers = false

  /** `save` gets the group whenever a rebalance has settled it, as Kafka writes it to its offsets topic. */
  constructor(id: string, options: { initialDelay_ms: number; save: (row: GroupRow) => void }) {
    this.id = id
    this.#initialDelay_ms = options.initialDelay_ms
    this.#save = options.save
  }

  /** Takes up a new group where an earlier run saved it. Its members have a whole session to speak up in. */
  restore(row: GroupRow): void {
    this.#generation = row.generation
    this.#protocolType = row.protocolType
    this.#protocol = row.protocol
    this.#leaderId = row.leaderId
    for (const { id, protocols, assignment, ...rest } of row.members) {
      const request: JoinRequest = {
        ...rest,
        memberId: id,
        protocolType: row.protocolType,
        protocols: protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata, 'base64') })),
      }
      const member = memberFrom(request, Buffer.from(assignment, 'base64'))
      this.#add(member)
      this.#touch(member)
    }
    if (row.members.length > 0) this.#state = 'stable'
  }

  get state(): GroupState {
    return this.#state
  }

  get generation(): number {
    return this.#generation
  }

  get protocolType(): string {
    return this.#protocolType
  }

  get protocol(): string {
    return this.#protocol
  }

  /** True when nothing is left that anyone could ask for: no member, nobody expected, no offset. */
  get isForgettable(): boolean {
    return this.#members.size === 0 && this.#expectedIds.size === 0 && this.offsets.isEmpty
  }

  get hasMembers(): boolean {
    return this.#members.size > 0
  }

  /** Lets a member id join later; it is forgotten when it does not within its session timeout. */
  expect(memberId: string, sessionTimeout_ms: number): void {
    const timer = after(sessionTimeout_ms, () => {
      this.#expectedIds.delete(memberId)
      this.#fallBarrierIfAllJoined()
    })
    this.#expectedIds.set(memberId, timer)
  }

  /** Joins, or joins again. Resolves when the barrier falls; rejects with Refused. */
  join(request: JoinRequest, isNewId: boolean): Promise<JoinResult> {
    this.checkProtocols(request)
    if (isNewId) {
      const replaced = this.#memberOfInstance(request.instanceId)
      return replaced ? this.#replace(replaced, request) : this.#admit(request)
    }
    this.#staticMembers.check(request)
    const member = this.#members.get(request.memberId)
    if (member) return this.#rejoin(member, request)
    if (!this.#stopExpecting(request.memberId)) throw unknownMember(request.memberId)
    return this.#admit(request)
  }

  /** Throws Refused unless the group could take a member with these protocols. */
  checkProtocols(request: JoinRequest): void {
    const others = [...this.#members.values()].filter((member) => member.id !== request.memberId)
    const isSameType = others.length === 0 || this.#protocolType === request.protocolType
    const isShared = request.protocols.some(({ name }) => others.every((other) => supports(other, name)))
    if (!isSameType || !isShared || request.protocolType === '') {
      throw new Refused(
        ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
        `group '${this.id}' shares no protocol with the new member`,
      )
    }
  }

  /** Takes the leader's assignments; resolves with the member's own when they are there. Rejects with Refused. */
  async sync(
    identity: MemberIdentity,
    generation: number,
    assignments: readonly { memberId: string; assignment: Buffer }[],
  ): Promise<Buffer> {
    const member = this.#memberOf(identity, generation)
    if (this.#state === 'preparing-rebalance') throw rebalancing(this.id)
    this.#unsynced.delete(member.id)
    if (this.#state === 'stable') {
      this.#touch(member)
      return member.assignment
    }
    return new Promise<Buffer>((resolve, reject) => {
      member.syncing?.reject(rebalancing(this.id))
      member.syncing = { resolve, reject }
      if (member.id === this.#leaderId) this.#stabilise(assignments)
    })
  }

  heartbeat(identity: MemberIdentity, generation: number): void {
    const member = this.#memberOf(identity, generation)
    this.#touch(member)
    if (this.#state === 'preparing-rebalance') throw rebalancing(this.id)
  }

  /** An administrator may name a static member by its instance id alone. */
  leave({ memberId, instanceId }: MemberIdentity): void {
    if (memberId !== '') this.#staticMembers.check({ memberId, instanceId })
    const member = memberId === '' ? this.#memberOfInstance(instanceId) : this.#members.get(memberId)
    if (member) this.#remove(member)
    else if (this.#stopExpecting(memberId)) this.#fallBarrierIfAllJoined()
    else throw unknownMember(memberId)
  }

  /**
   * Whether a commit with this identity may be stored. A generation below 0 and no member id is an administrator, or a
   * transaction of a client older than KIP-447, which Kafka cannot fence either.
   */
  checkCommit(memberId: string, generation: number, isTransactional: boolean): void {
    if (generation < 0 && this.#state === 'empty') return
    if (generation >= 0 || memberId !== '') {
      this.#touch(this.#memberOf({ memberId, instanceId: null }, generation))
    } else if (!isTransactional) {
      throw unknownMember(memberId)
    }
    if (!isTransactional && this.#state === 'completing-rebalance') throw rebalancing(this.id)
  }

  describeMembers(): MemberDescription[] {
    const isStable = this.#state === 'stable'
    return [...this.#members.values()].map(({ id, request, assignment }) => ({
      memberId: id,
      clientId: request.clientId,
      clientHost: request.clientHost,
      metadata: isStable ? metadataOf(request, this.#protocol) : NOTHING,
      assignment: isStable ? assignment : NOTHING,
    }))
  }

  /** Ends all timers and refuses everyone who waits. */
  close(): void {
    clear(this.#barrierTimer)
    clear(this.#syncTimer)
    for (const timer of this.#expectedIds.values()) clear(timer)
    for (const member of this.#members.values()) {
      clear(member.sessionTimer)
      member.joining?.reject(unknownMember(member.id))
      member.syncing?.reject(unknownMember(member.id))
    }
  }

  #admit(request: JoinRequest): Promise<JoinResult> {
    const member = memberFrom(request, NOTHING)
    this.#add(member)
    this.#protocolType = request.protocolType
    this.#hasNewMembers = true
    if (this.#leaderId === '') this.#leaderId = member.id
    return this.#awaitBarrier(member)
  }

  /**
   * A static member that starts again takes the place of the one before it, share and all, under another member id. Nobody
   * else hears of it while the group is stable. It is told that the one before leads: an assignment is not asked of it.
   */
  #replace(old: Member, request: JoinRequest): Promise<JoinResult> {
    const leaderId = this.#leaderId
    this.#forget(old, fencedInstance(request.instanceId))
    const member = memberFrom(request, old.assignment)
    this.#add(member)
    if (leaderId === old.id) this.#leaderId = member.id
    const keepsProtocol = electProtocol([...this.#members.values()]) === this.#protocol
    if (this.#state !== 'stable' || !keepsProtocol) return this.#awaitBarrier(member)
    this.#touch(member)
    this.#save(this.#row())
    return Promise.resolve({ ...this.#resultFor(member), leaderId, members: [] })
  }

  #rejoin(member: Member, request: JoinRequest): Promise<JoinResult> {
    const isUnchanged = hasSameProtocols(member.request, request)
    const isLeader = member.id === this.#leaderId
    // A repeat of the join, or a follower that asks again, learns the generation as it is: only the leader, or somebody
    // with new metadata, has a reason to call everyone together.
    const mayKeepGeneration =
      isUnchanged && (this.#state === 'completing-rebalance' || (this.#state === 'stable' && !isLeader))
    member.request = { ...request, instanceId: member.request.instanceId }
    if (!mayKeepGeneration) return this.#awaitBarrier(member)
    this.#touch(member)
    return Promise.resolve(this.#resultFor(member))
  }

  #awaitBarrier(member: Member): Promise<JoinResult> {
    return new Promise<JoinResult>((resolve, reject) => {
      member.joining?.reject(rebalancing(this.id))
      member.joining = { resolve, reject }
      this.#touch(member)
      this.#prepareRebalance()
    })
  }

  #prepareRebalance(): void {
    if (this.#state !== 'preparing-rebalance') {
      const isFirst = this.#state === 'empty'
      for (const member of this.#members.values()) {
        member.syncing?.reject(rebalancing(this.id))
        member.syncing = null
      }
      clear(this.#syncTimer)
      this.#moveTo('preparing-rebalance')
      this.#isGathering = isFirst && this.#initialDelay_ms > 0
      if (this.#isGathering) this.#gather(this.#rebalanceTimeout_ms())
      else this.#armBarrier(this.#rebalanceTimeout_ms(), () => this.#fallBarrier())
    }
    this.#fallBarrierIfAllJoined()
  }

  /** `group.initial.rebalance.delay.ms`: as long as members keep arriving, wait once more, up to the rebalance timeout. */
  #gather(left_ms: number): void {
    this.#hasNewMembers = false
    const delay_ms = Math.min(this.#initialDelay_ms, left_ms)
    this.#armBarrier(delay_ms, () => {
      const stillLeft_ms = left_ms - delay_ms
      if (this.#hasNewMembers && stillLeft_ms > 0) {
        this.#gather(stillLeft_ms)
      } else {
        this.#isGathering = false
        this.#fallBarrier()
      }
    })
  }

  #armBarrier(delay_ms: number, fire: () => void): void {
    clear(this.#barrierTimer)
    this.#barrierTimer = after(delay_ms, fire)
  }

  #fallBarrierIfAllJoined(): void {
    if (this.#state !== 'preparing-rebalance' || this.#isGathering) return
    const isEveryoneHere = [...this.#members.values()].every((member) => member.joining !== null)
    // Whoever was given an id a moment ago is about to join: waiting for it saves a second rebalance.
    const isSomeoneExpected = this.#members.size > 0 && this.#expectedIds.size > 0
    if (isEveryoneHere && !isSomeoneExpected) this.#fallBarrier()
  }

  #fallBarrier(): void {
    clear(this.#barrierTimer)
    for (const member of [...this.#members.values()]) {
      if (member.joining === null && member.request.instanceId === null) this.#forget(member)
    }
    const members = [...this.#members.values()]
    const present = members.filter((member) => member.joining !== null)
    if (members.length > 0 && present.length === 0) {
      // Static members are waited for until their sessions end.
      this.#armBarrier(this.#rebalanceTimeout_ms(), () => this.#fallBarrier())
      return
    }
    this.#generation += 1
    if (members.length === 0) {
      this.#protocol = ''
      this.#moveTo('empty')
      this.#save(this.#row())
      return
    }
    if (!present.some((member) => member.id === this.#leaderId)) this.#leaderId = present[0]?.id ?? ''
    this.#protocol = electProtocol(members)
    this.#moveTo('completing-rebalance')
    for (const member of members) {
      const waiter = member.joining
      member.joining = null
      member.assignment = NOTHING
      this.#touch(member)
      waiter?.resolve(this.#resultFor(member))
    }
    this.#awaitSyncs()
  }

  /** Members that have joined and do not ask for their assignment within the rebalance timeout are evicted. */
  #awaitSyncs(): void {
    clear(this.#syncTimer)
    this.#unsynced.clear()
    for (const memberId of this.#members.keys()) this.#unsynced.add(memberId)
    this.#syncTimer = after(this.#rebalanceTimeout_ms(), () => {
      const silent = [...this.#members.values()].filter((member) => this.#unsynced.has(member.id))
      if (silent.length === 0) return
      for (const member of silent) this.#forget(member)
      this.#prepareRebalance()
    })
  }

  #stabilise(assignments: readonly { memberId: string; assignment: Buffer }[]): void {
    for (const { memberId, assignment } of assignments) {
      const member = this.#members.get(memberId)
      if (member) member.assignment = assignment
    }
    this.#moveTo('stable')
    this.#save(this.#row())
    for (const member of this.#members.values()) {
      const waiter = member.syncing
      member.syncing = null
      if (waiter === null) continue
      this.#touch(member)
      waiter.resolve(member.assignment)
    }
  }

  #row(): GroupRow {
    return {
      generation: this.#generation,
      protocolType: this.#protocolType,
      protocol: this.#protocol,
      leaderId: this.#leaderId,
      members: [...this.#members.values()].map(({ id, request, assignment }) => ({
        id,
        instanceId: request.instanceId,
        clientId: request.clientId,
        clientHost: request.clientHost,
        sessionTimeout_ms: request.sessionTimeout_ms,
        rebalanceTimeout_ms: request.rebalanceTimeout_ms,
        protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: metadata.toString('base64') })),
        assignment: assignment.toString('base64'),
      })),
    }
  }

  #resultFor(member: Member): JoinResult {
    const isLeader = member.id === this.#leaderId
    return {
      generation: this.#generation,
      protocol: this.#protocol,
      leaderId: this.#leaderId,
      members: isLeader
        ? [...this.#members.values()].map(({ id, request }) => ({
            memberId: id,
            instanceId: request.instanceId,
            metadata: metadataOf(request, this.#protocol),
          }))
        : [],
    }
  }

  /** Restarts the session. A member that waits for the others is alive by that alone. */
  #touch(member: Member): void {
    clear(member.sessionTimer)
    member.sessionTimer = after(member.request.sessionTimeout_ms, () => {
      if (member.joining !== null || member.syncing !== null) this.#touch(member)
      else this.#remove(member)
    })
  }

  #remove(member: Member): void {
    this.#forget(member)
    if (this.#state === 'stable' || this.#state === 'completing-rebalance') this.#prepareRebalance()
    else this.#fallBarrierIfAllJoined()
  }

  #add(member: Member): void {
    this.#members.set(member.id, member)
    this.#staticMembers.set(member.request)
  }

  #forget(member: Member, refusal = unknownMember(member.id)): void {
    clear(member.sessionTimer)
    this.#members.delete(member.id)
    this.#unsynced.delete(member.id)
    this.#staticMembers.forget(member.request)
    if (this.#leaderId === member.id) this.#leaderId = this.#members.keys().next().value ?? ''
    member.joining?.reject(refusal)
    member.syncing?.reject(refusal)
    member.joining = null
    member.syncing = null
  }

  #memberOfInstance(instanceId: string | null): Member | undefined {
    const memberId = instanceId === null ? undefined : this.#staticMembers.memberIdOf(instanceId)
    return memberId === undefined ? undefined : this.#members.get(memberId)
  }

  #memberOf(identity: MemberIdentity, generation: number): Member {
    this.#staticMembers.check(identity)
    const member = this.#members.get(identity.memberId)
    if (!member) throw unknownMember(identity.memberId)
    if (generation !== this.#generation) {
      throw new Refused(ErrorCode.ILLEGAL_GENERATION, `group '${this.id}' is in generation ${this.#generation}`)
    }
    return member
  }

  #stopExpecting(memberId: string): boolean {
    const timer = this.#expectedIds.get(memberId)
    if (timer === undefined) return false
    clear(timer)
    return this.#expectedIds.delete(memberId)
  }

  #rebalanceTimeout_ms(): number {
    return Math.max(0, ...[...this.#members.values()].map((member) => member.request.rebalanceTimeout_ms))
  }

  #moveTo(next: GroupState): void {
    if (!LEGAL_MOVES[this.#state].includes(next)) {
      throw new RangeError(`group '${this.id}' cannot go from ${this.#state} to ${next}`)
    }
    this.#state = next
  }
}

function memberFrom(request: JoinRequest, assignment: Buffer): Member {
  return { id: request.memberId, request, assignment, joining: null, syncing: null, sessionTimer: null }
}

/** Every member votes for the first of its protocols that all support; the most votes win. */
function electProtocol(members: readonly Member[]): string {
  const votes = new Map<string, number>()
  for (const member of members) {
    const choice = member.request.protocols.find(({ name }) => members.every((other) => supports(other, name)))
    if (choice) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
  }
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ''
}

function supports(member: Member, protocol: string): boolean {
  return member.request.protocols.some(({ name }) => name === protocol)
}

function metadataOf(request: JoinRequest, protocol: string): Buffer {
  return request.protocols.find(({ name }) => name === protocol)?.metadata ?? NOTHING
}

function hasSameProtocols(a: JoinRequest, b: JoinRequest): boolean {
  return (
    a.protocols.length === b.protocols.length &&
    a.protocols.every(({ name, metadata }, index) => {
      const other = b.protocols[index]
      return other?.name === name && other.metadata.equals(metadata)
    })
  )
}

function unknownMember(memberId: string): Refused {
  return new Refused(ErrorCode.UNKNOWN_MEMBER_ID, `member '${memberId}' is not in the group`)
}

function rebalancing(groupId: string): Refused {
  return new Refused(ErrorCode.REBALANCE_IN_PROGRESS, `group '${groupId}' is rebalancing`)
}

function clear(timer: NodeJS.Timeout | null): void {
  if (timer !== null) clearTimeout(timer)
}
