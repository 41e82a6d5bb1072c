import type { RawClient } from './raw-client.ts'

/** JoinGroup of a consumer with one protocol; an empty member id asks for one. */
export async function join(client: RawClient, groupId: string, memberId: string, session_ms = 6_000, protocol = 'p') {
  const response = await client.request('joinGroup', 5, (body) =>
    body
      .string(groupId)
      .int32(session_ms)
      .int32(4_000)
      .string(memberId)
      .string(null)
      .string('consumer')
      .array([protocol], (name) => body.string(name).bytes(Buffer.from('metadata'))),
  )
  response.int32()
  const errorCode = response.int16()
  const generation = response.int32()
  const protocolName = response.string()
  const leaderId = response.string()
  const id = response.string()
  const members = response.array(() => {
    const member = response.string()
    response.nullableString()
    response.bytes()
    return member
  })
  return { errorCode, generation, protocolName, leaderId, memberId: id, members }
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
) {
  const response = await client.request('syncGroup', 3, (body) =>
    body
      .string(groupId)
      .int32(generation)
      .string(memberId)
      .string(null)
      .array(assignments, ([member, bytes]) => body.string(member).bytes(Buffer.from(bytes))),
  )
  response.int32()
  return { errorCode: response.int16(), assignment: response.bytes().toString() }
}

export async function heartbeat(client: RawClient, groupId: string, generation: number, memberId: string) {
  const response = await client.request('heartbeat', 3, (body) =>
    body.string(groupId).int32(generation).string(memberId).string(null),
  )
  response.int32()
  return response.int16()
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
