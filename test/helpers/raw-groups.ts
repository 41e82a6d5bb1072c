import type { RawClient } from './raw-client.ts'

/** JoinGroup of a consumer with one protocol; an empty member id asks for one. */
export async function join(client: RawClient, groupId: string, memberId: string, session_ms = 6_000, protocol = 'p') {
  return joinAs(client, groupId, null, { memberId, session_ms, protocol })
}

/** The same of a static member, which needs no id to begin with. */
export async function joinAs(
  client: RawClient,
  groupId: string,
  instanceId: string | null,
  { memberId = '', session_ms = 6_000, protocol = 'p', metadata = 'metadata' } = {},
) {
  const response = await client.request('joinGroup', 5, (body) =>
    body
      .string(groupId)
      .int32(session_ms)
      .int32(4_000)
      .string(memberId)
      .string(instanceId)
      .string('consumer')
      .array([protocol], (name) => body.string(name).bytes(Buffer.from(metadata))),
  )
  response.int32()
  const errorCode = response.int16()
  const generation = response.int32()
  const protocolName = response.string()
  const leaderId = response.string()
  const id = response.string()
  const described = response.array(() => ({
    memberId: response.string(),
    instanceId: response.nullableString(),
    metadata: response.bytes().toString(),
  }))
  const members = described.map((member) => member.memberId)
  return { errorCode, generation, protocolName, leaderId, memberId: id, members, described }
}

/** Joins with the id that the first attempt brings. */
export async function joinAnew(client: RawClient, groupId: string) {
  const { memberId } = await join(client, groupId, '')
  return join(client, groupId, memberId)
}

export async function sync(
  client: RawClient,
  groupId: string,
  generation: number,
  memberId: string,
  assignments: [string, string][],
  instanceId: string | null = null,
) {
  const response = await client.request('syncGroup', 3, (body) =>
    body
      .string(groupId)
      .int32(generation)
      .string(memberId)
      .string(instanceId)
      .array(assignments, ([member, bytes]) => body.string(member).bytes(Buffer.from(bytes))),
  )
  response.int32()
  return { errorCode: response.int16(), assignment: response.bytes().toString() }
}

export async function heartbeat(
  client: RawClient,
  groupId: string,
  generation: number,
  memberId: string,
  instanceId: string | null = null,
) {
  const response = await client.request('heartbeat', 3, (body) =>
    body.string(groupId).int32(generation).string(memberId).string(instanceId),
  )
  response.int32()
  return response.int16()
}

/** LeaveGroup of one member, by its member id, its instance id, or both. */
export async function leave(client: RawClient, groupId: string, memberId: string, instanceId: string | null) {
  const response = await client.request('leaveGroup', 3, (body) =>
    body.string(groupId).array([memberId], (id) => body.string(id).string(instanceId)),
  )
  response.int32()
  const errorCode = response.int16()
  const [member] = response.array(() => ({
    memberId: response.string(),
    instanceId: response.nullableString(),
    errorCode: response.int16(),
  }))
  return { errorCode, member }
}

/** Commits offset 5 of the topic's first partition in a member's name. */
export async function commitAsMember(
  client: RawClient,
  groupId: string,
  generation: number,
  memberId: string,
  topic: string,
) {
  const response = await client.request('offsetCommit', 5, (body) =>
    body
      .string(groupId)
      .int32(generation)
      .string(memberId)
      .array([topic], (name) => body.string(name).array([0], (index) => body.int32(index).int64(5).string(''))),
  )
  response.int32()
  return response.array(() => {
    response.string()
    return response.array(() => {
      response.int32()
      return response.int16()
    })
  })[0]?.[0]
}
