import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../lib/embedded/protocol/error-codes.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { kafkaClient, uniqueName } from '../../helpers/kafka-client.ts'
import { connectRaw, type RawClient } from '../../helpers/raw-client.ts'
import { heartbeat, join, joinAs, leave, sync } from '../../helpers/raw-groups.ts'
import { waitFor } from '../../helpers/wait-for.ts'

let broker: TestBroker
let admin: ReturnType<ReturnType<typeof kafkaClient>['admin']>
let clients: RawClient[] = []

beforeAll(async () => {
  broker = await openBroker()
  admin = kafkaClient(broker.brokers).admin()
  await admin.connect()
})
afterAll(async () => {
  await admin.disconnect()
  await broker.close()
})
beforeEach(async () => {
  // One connection for each member: a join that waits holds up whatever is asked behind it.
  clients = await Promise.all([1, 2, 3].map(() => connectRaw(broker.brokers[0] ?? '')))
})
afterEach(() => {
  for (const client of clients) client.close()
})

describe('a static member (KIP-345)', () => {
  test('is admitted at once, and keeps its share over a restart that nobody else hears of', async () => {
    const group = await twoMembers()
    const { groupId, generation, first, second } = group
    const again = await joinAs(group.c, groupId, 'two', { metadata: 'changed' })
    expect(again).toMatchObject({ errorCode: 0, generation, members: [] })
    expect(again.memberId).not.toBe(second.memberId)
    const share = await sync(group.c, groupId, generation, again.memberId, [], 'two')
    expect(share).toEqual({ errorCode: 0, assignment: 'second' })
    expect(await heartbeat(group.a, groupId, generation, first.memberId, 'one')).toBe(0)
    expect(await heartbeat(group.c, groupId, generation, again.memberId, 'two')).toBe(0)
  })

  test('is fenced in every request when another has joined under its id', async () => {
    const { a, b, c, groupId, generation, first, second } = await twoMembers()
    const again = await joinAs(c, groupId, 'two')
    const old = second.memberId
    expect(await heartbeat(b, groupId, generation, old, 'two')).toBe(ErrorCode.FENCED_INSTANCE_ID)
    expect((await joinAs(b, groupId, 'two', { memberId: old })).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID)
    expect((await sync(b, groupId, generation, old, [], 'two')).errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID)
    expect((await leave(b, groupId, old, 'two')).member?.errorCode).toBe(ErrorCode.FENCED_INSTANCE_ID)
    // Without its instance id it is nobody.
    expect(await heartbeat(b, groupId, generation, old)).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(await heartbeat(b, groupId, generation, old, 'three')).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(await heartbeat(c, groupId, generation, again.memberId, 'two')).toBe(0)
    expect(await heartbeat(a, groupId, generation, first.memberId, 'one')).toBe(0)
  })

  test('that leads gets its share back without being asked for an assignment, and leads the next rebalance', async () => {
    const { b, c, groupId, generation, first, second } = await twoMembers()
    const again = await joinAs(c, groupId, 'one')
    expect(again).toMatchObject({ errorCode: 0, generation, leaderId: first.memberId, members: [] })
    expect(await sync(c, groupId, generation, again.memberId, [], 'one')).toMatchObject({ assignment: 'first' })
    const rejoining = joinAs(c, groupId, 'one', { memberId: again.memberId })
    await told(b, groupId, generation, second.memberId, 'two')
    const [led, followed] = await Promise.all([
      rejoining,
      joinAs(b, groupId, 'two', { memberId: second.memberId, metadata: 'of two' }),
    ])
    expect([led.leaderId, followed.leaderId]).toEqual([again.memberId, again.memberId])
    expect(led.described.map(({ instanceId, metadata }) => [instanceId, metadata]).sort()).toEqual([
      ['one', 'metadata'],
      ['two', 'of two'],
    ])
  })

  test('with other metadata calls the others together when it joins with the member id that it has', async () => {
    const { a, b, groupId, generation, first, second } = await twoMembers()
    const joining = joinAs(b, groupId, 'two', { memberId: second.memberId, metadata: 'of two' })
    await told(a, groupId, generation, first.memberId, 'one')
    await joinAs(a, groupId, 'one', { memberId: first.memberId })
    expect((await joining).generation).toBe(generation + 1)
  })

  test('stays in a rebalance that goes on without it, and finds its share when it is back', async () => {
    const { a, b, groupId, first, led } = await rebalancedWithoutTwo()
    const back = await joinAs(b, groupId, 'two')
    expect(back).toMatchObject({ errorCode: 0, generation: led.generation })
    expect(await sync(b, groupId, led.generation, back.memberId, [], 'two')).toMatchObject({ assignment: 'now two' })
    expect(await heartbeat(a, groupId, led.generation, first.memberId, 'one')).toBe(0)
  })

  test('that does not fetch its share within the rebalance timeout is removed, however long its session', async () => {
    const { a, groupId, first, led } = await rebalancedWithoutTwo()
    await told(a, groupId, led.generation, first.memberId, 'one')
  })

  test('that never comes back is removed when its session ends', async () => {
    const { a, groupId, generation, first } = await twoMembers()
    await told(a, groupId, generation, first.memberId, 'one')
    const alone = await joinAs(a, groupId, 'one', { memberId: first.memberId })
    expect(alone.described.map(({ instanceId }) => instanceId)).toEqual(['one'])
  })

  test('is removed by its instance id alone, and by both of its ids', async () => {
    const { a, b, groupId, generation, first } = await twoMembers()
    expect((await leave(a, groupId, '', 'nobody')).member?.errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(await leave(a, groupId, '', 'two')).toMatchObject({
      errorCode: 0,
      member: { instanceId: 'two', errorCode: 0 },
    })
    await told(a, groupId, generation, first.memberId, 'one')
    expect((await leave(b, groupId, first.memberId, 'one')).member).toEqual({
      memberId: first.memberId,
      instanceId: 'one',
      errorCode: 0,
    })
    await waitFor('the group to be empty', async () => {
      const { groups } = await admin.describeGroups([groupId])
      return groups[0]?.state === 'Empty'
    })
  })

  test('shares a group with members that have no id of their own', async () => {
    const { a, b, c, groupId, generation, first, second } = await twoMembers()
    const { memberId } = await join(c, groupId, '')
    const joining = join(c, groupId, memberId)
    await told(a, groupId, generation, first.memberId, 'one')
    const [led] = await Promise.all([
      joinAs(a, groupId, 'one', { memberId: first.memberId }),
      joinAs(b, groupId, 'two', { memberId: second.memberId }),
      joining,
    ])
    expect(led.described.map(({ instanceId }) => instanceId)).toEqual(expect.arrayContaining(['one', 'two', null]))
  })
})

/** A stable group of "one", which leads, and "two", with shares of their own. */
async function twoMembers(session_ms = 6_000) {
  const [a, b, c] = clients as [RawClient, RawClient, RawClient]
  const groupId = uniqueName('static')
  // The first request after a broker's start may find the coordinator still loading; ask until it is there.
  const alone = await waitFor('the coordinator', async () => {
    const answer = await joinAs(a, groupId, 'one', { session_ms })
    return answer.errorCode === 0 ? answer : null
  })
  await sync(a, groupId, alone.generation, alone.memberId, [[alone.memberId, 'all']], 'one')
  const joining = joinAs(b, groupId, 'two', { session_ms })
  await told(a, groupId, alone.generation, alone.memberId, 'one')
  const first = await joinAs(a, groupId, 'one', { memberId: alone.memberId, session_ms })
  const second = await joining
  const { generation } = first
  const following = sync(b, groupId, generation, second.memberId, [], 'two')
  const shares: [string, string][] = [
    [first.memberId, 'first'],
    [second.memberId, 'second'],
  ]
  await sync(a, groupId, generation, first.memberId, shares, 'one')
  expect(await following).toEqual({ errorCode: 0, assignment: 'second' })
  return { a, b, c, groupId, generation, first, second }
}

/** "two" is away; "three" has joined, and the barrier has fallen without "two" at the rebalance timeout. */
async function rebalancedWithoutTwo() {
  const session_ms = 30_000
  const { a, b, c, groupId, generation, first } = await twoMembers(session_ms)
  const joining = joinAs(c, groupId, 'three', { session_ms })
  await told(a, groupId, generation, first.memberId, 'one')
  const [led, third] = await Promise.all([joinAs(a, groupId, 'one', { memberId: first.memberId, session_ms }), joining])
  expect(led.described.map(({ instanceId }) => instanceId).sort()).toEqual(['one', 'three', 'two'])
  const shares = led.described.map(({ memberId, instanceId }): [string, string] => [memberId, `now ${instanceId}`])
  const thirds = sync(c, groupId, led.generation, third.memberId, [], 'three')
  await sync(a, groupId, led.generation, led.memberId, shares, 'one')
  expect(await thirds).toEqual({ errorCode: 0, assignment: 'now three' })
  return { a, b, groupId, first, led }
}

/** Resolves when a heartbeat is answered with a rebalance. */
async function told(client: RawClient, groupId: string, generation: number, memberId: string, instanceId: string) {
  await waitFor(`${instanceId} to be told of a rebalance`, async () => {
    const errorCode = await heartbeat(client, groupId, generation, memberId, instanceId)
    return errorCode === ErrorCode.REBALANCE_IN_PROGRESS
  })
}
