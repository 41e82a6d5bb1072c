import { Refused, refusalOf } from '../errors.ts'
import type { GroupState, JoinResult } from '../group.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Handler, Outcome } from '../request.ts'

/** State names as Kafka spells them on the wire. */
const STATE_NAMES: Readonly<Record<GroupState, string>> = {
  empty: 'Empty',
  'preparing-rebalance': 'PreparingRebalance',
  'completing-rebalance': 'CompletingRebalance',
  stable: 'Stable',
}

const NOTHING: Buffer = Buffer.alloc(0)

export const joinGroup: Handler = async (
  request,
  response,
  version,
  { broker, clientId, clientHost },
): Promise<Outcome> => {
  const groupId = request.string()
  const sessionTimeout_ms = request.int32()
  const rebalanceTimeout_ms = request.int32()
  let memberId = request.string()
  const instanceId = version >= 5 ? request.nullableString() : null
  const protocolType = request.string()
  const protocols = request.array(() => ({ name: request.string(), metadata: Buffer.from(request.bytes()) }))

  let result: JoinResult = { generation: -1, protocol: '', leaderId: '', members: [] }
  let errorCode: ErrorCode = ErrorCode.NONE
  try {
    result = await broker.groups.join(
      groupId,
      { memberId, instanceId, clientId, clientHost, sessionTimeout_ms, rebalanceTimeout_ms, protocolType, protocols },
      version >= 4,
      (id) => {
        memberId = id
      },
    )
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    errorCode = error.errorCode
  }
  response.int32(0).int16(errorCode).int32(result.generation)
  response.string(result.protocol).string(result.leaderId).string(memberId)
  response.array(result.members, (member) => {
    response.string(member.memberId)
    if (version >= 5) response.string(member.instanceId)
    response.bytes(member.metadata)
  })
  return 'respond'
}

export const syncGroup: Handler = async (request, response, version, { broker }): Promise<Outcome> => {
  const groupId = request.string()
  const generation = request.int32()
  const memberId = request.string()
  const instanceId = version >= 3 ? request.nullableString() : null
  const assignments = request.array(() => ({
    memberId: request.string(),
    assignment: Buffer.from(request.bytes()),
  }))
  let assignment: Buffer = NOTHING
  let errorCode: ErrorCode = ErrorCode.NONE
  try {
    assignment = await broker.groups.ofMember(groupId, memberId).sync({ memberId, instanceId }, generation, assignments)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    errorCode = error.errorCode
  }
  if (version >= 1) response.int32(0)
  response.int16(errorCode).bytes(assignment)
  return 'respond'
}

export const heartbeat: Handler = (request, response, version, { broker }) => {
  const groupId = request.string()
  const generation = request.int32()
  const memberId = request.string()
  const instanceId = version >= 3 ? request.nullableString() : null
  const refusal = refusalOf(() =>
    broker.groups.ofMember(groupId, memberId).heartbeat({ memberId, instanceId }, generation),
  )
  if (version >= 1) response.int32(0)
  response.int16(refusal?.errorCode ?? ErrorCode.NONE)
  return 'respond'
}

export const leaveGroup: Handler = (request, response, version, { broker }) => {
  const groupId = request.string()
  const members =
    version >= 3
      ? request.array(() => ({ memberId: request.string(), instanceId: request.nullableString() }))
      : [{ memberId: request.string(), instanceId: null }]
  const results = members.map((member) => ({
    ...member,
    errorCode:
      refusalOf(() => broker.groups.ofMember(groupId, member.memberId).leave(member))?.errorCode ?? ErrorCode.NONE,
  }))
  if (version >= 1) response.int32(0)
  response.int16(version >= 3 ? ErrorCode.NONE : (results[0]?.errorCode ?? ErrorCode.NONE))
  if (version >= 3) {
    response.array(results, ({ memberId, instanceId, errorCode }) =>
      response.string(memberId).string(instanceId).int16(errorCode),
    )
  }
  return 'respond'
}

export const describeGroups: Handler = (request, response, version, { broker }) => {
  const groupIds = request.array(() => request.string())
  if (version >= 1) response.int32(0)
  response.array(groupIds, (groupId) => {
    const group = broker.groups.find(groupId)
    response.int16(ErrorCode.NONE).string(groupId)
    response.string(group ? STATE_NAMES[group.state] : 'Dead').string(group?.protocolType ?? '')
    response.string(group?.state === 'stable' ? group.protocol : '')
    response.array(group?.describeMembers() ?? [], (member) => {
      response.string(member.memberId).string(member.clientId).string(member.clientHost)
      response.bytes(member.metadata).bytes(member.assignment)
    })
  })
  return 'respond'
}

export const listGroups: Handler = (_request, response, version, { broker }) => {
  if (version >= 1) response.int32(0)
  response.int16(ErrorCode.NONE)
  response.array(broker.groups.all(), (group) => response.string(group.id).string(group.protocolType))
  return 'respond'
}

export const deleteGroups: Handler = (request, response, _version, { broker }) => {
  const groupIds = request.array(() => request.string())
  response.int32(0).array(groupIds, (groupId) => {
    const refusal = refusalOf(() => broker.groups.delete(groupId))
    response.string(groupId).int16(refusal?.errorCode ?? ErrorCode.NONE)
  })
  return 'respond'
}
