import kafkajs, { type PartitionAssigner } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../lib/embedded/protocol/error-codes.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import {
  committedOffsets,
  consumerConfig,
  createTopic,
  joined,
  kafkaClient,
  mortalClient,
  numbered,
  producerOf,
  uniqueName,
} from '../../helpers/kafka-client.ts'
import { connectRaw, type RawClient } from '../../helpers/raw-client.ts'
import { commitAsMember, heartbeat, join, joinAnew, sync } from '../../helpers/raw-groups.ts'
import { waitFor } from '../../helpers/wait-for.ts'

const { AssignerProtocol } = kafkajs
const RECORDS = 10_000

let broker: TestBroker
let kafka: ReturnType<typeof kafkaClient>
let admin: ReturnType<typeof kafka.admin>

beforeAll(async () => {
  broker = await openBroker()
  kafka = kafkaClient(broker.brokers)
  admin = kafka.admin()
  await admin.connect()
})
afterAll(async () => {
  await admin.disconnect()
  await broker.close()
})

async function topicOf(count: number, partitions: number): Promise<string> {
  const topic = await createTopic(admin, { numPartitions: partitions })
  const producer = producerOf(kafka)
  await producer.connect()
  for (let from = 0; from < count; from += 1_000) {
    await producer.send({ topic, messages: numbered(Math.min(1_000, count - from), 997, from) })
  }
  await producer.disconnect()
  return topic
}

describe('a consumer group', () => {
  test('hands a topic of 10,000 records to three members, each record once', async () => {
    const topic = await topicOf(RECORDS, 6)
    const groupId = uniqueName('three')
    const values: string[] = []
    const consumers = await Promise.all(
      [1, 2, 3].map(async () => {
        const consumer = kafka.consumer(consumerConfig(groupId))
        await consumer.connect()
        await consumer.subscribe({ topic, fromBeginning: true })
        return consumer
      }),
    )
    // Everyone joins before anyone reads, or an early member's uncommitted batch is rightly delivered again.
    const assignments = consumers.map(joined)
    let isOpen = false
    for (const consumer of consumers) {
      await consumer.run({
        eachBatch: async ({ batch, resolveOffset, heartbeat, isStale, isRunning }) => {
          if (!isOpen || !isRunning() || isStale()) return
          await heartbeat()
          for (const message of batch.messages) values.push(String(message.value))
          resolveOffset(batch.lastOffset())
        },
        eachBatchAutoResolve: false,
      })
    }
    await Promise.all(assignments)
    await waitFor('three members with two partitions each', async () => {
      const { groups } = await admin.describeGroups([groupId])
      const [group] = groups
      if (group?.state !== 'Stable' || group.members.length !== 3) return false
      const shares = group.members.map(({ memberAssignment }) =>
        AssignerProtocol.MemberAssignment.decode(memberAssignment),
      )
      return shares.every((share) => share?.assignment[topic]?.length === 2)
    })
    isOpen = true
    await waitFor('every record', () => values.length >= RECORDS)
    await Promise.all(consumers.map((consumer) => consumer.disconnect()))
    expect(new Set(values).size).toBe(RECORDS)
    expect(values.length).toBe(RECORDS)
  })

  test('delivers every record when a member dies without a word', async () => {
    const topic = await topicOf(3_000, 6)
    const groupId = uniqueName('killed')
    const values = new Set<string>()
    const memberOf = async (client: typeof kafka) => {
      const consumer = client.consumer(consumerConfig(groupId, { maxBytesPerPartition: 4_000 }))
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      await consumer.run({
        autoCommitInterval: 50,
        eachMessage: async ({ message }) => void values.add(String(message.value)),
      })
      return consumer
    }
    const doomed = mortalClient(broker.brokers, 'doomed')
    const victim = doomed.kafka.consumer(consumerConfig(groupId))
    await victim.connect()
    await victim.subscribe({ topic, fromBeginning: true })
    const victimsShare = joined(victim)
    // It takes its share and never gets to process it: whatever it held must reach the others.
    await victim.run({ eachBatch: () => new Promise(() => undefined) })
    await victimsShare
    const survivors = await Promise.all([memberOf(kafka), memberOf(kafka)])
    doomed.kill()
    await waitFor('every record in spite of the dead member', () => values.size === 3_000, 40_000)
    const { groups } = await admin.describeGroups([groupId])
    expect(groups[0]?.members.length).toBe(2)
    await Promise.all(survivors.map((consumer) => consumer.disconnect()))
  })

  test('passes an assignment that gives one partition to two members', async () => {
    const topic = await topicOf(100, 1)
    const groupId = uniqueName('shared')
    const everyoneGetsAll: PartitionAssigner = ({ cluster }) => ({
      name: 'everyone-gets-all',
      version: 1,
      assign: async ({ members, topics }) =>
        members.map(({ memberId }) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: 1,
            assignment: Object.fromEntries(
              topics.map((name) => [
                name,
                cluster.findTopicPartitionMetadata(name).map(({ partitionId }) => partitionId),
              ]),
            ),
            userData: Buffer.alloc(0),
          }),
        })),
      protocol: ({ topics }) => ({
        name: 'everyone-gets-all',
        metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
      }),
    })
    const seen = [new Set<string>(), new Set<string>()]
    const consumers = await Promise.all(
      seen.map(async (values) => {
        const consumer = kafka.consumer(consumerConfig(groupId, { partitionAssigners: [everyoneGetsAll] }))
        await consumer.connect()
        await consumer.subscribe({ topic, fromBeginning: true })
        await consumer.run({
          autoCommit: false,
          eachMessage: async ({ message }) => void values.add(String(message.value)),
        })
        return consumer
      }),
    )
    await waitFor('both members to read everything', () => seen.every((values) => values.size === 100))
    await Promise.all(consumers.map((consumer) => consumer.disconnect()))
  })

  test('resumes at the committed offset', async () => {
    const topic = await topicOf(10, 1)
    const groupId = uniqueName('resume')
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '7' }] })
    const values: string[] = []
    const consumer = kafka.consumer(consumerConfig(groupId))
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) })
    await waitFor('the rest', () => values.length === 3)
    await consumer.disconnect()
    expect(values).toEqual(['7', '8', '9'])
    expect(await committedOffsets(admin, groupId, topic)).toEqual(['10'])
  })
})

describe('the group protocol below kafkajs', () => {
  let raw: RawClient
  beforeAll(async () => {
    raw = await connectRaw(broker.brokers[0] ?? '')
  })
  afterAll(() => raw.close())

  test('sends a new member away with an id and admits it with that id only', async () => {
    const groupId = uniqueName('member-id')
    // The first request after a broker's start may find the coordinator still loading; ask until it is there.
    const first = await waitFor('the coordinator', async () => {
      const answer = await join(raw, groupId, '')
      return answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED ? answer : null
    })
    expect(first.memberId).toMatch(/^raw-/)
    expect((await join(raw, groupId, 'somebody-else')).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    const second = await join(raw, groupId, first.memberId)
    expect(second).toMatchObject({
      errorCode: 0,
      generation: 1,
      protocolName: 'p',
      leaderId: first.memberId,
      members: [first.memberId],
    })
    expect(await sync(raw, groupId, 1, first.memberId, [[first.memberId, 'mine']])).toEqual({
      errorCode: 0,
      assignment: 'mine',
    })
    expect(await heartbeat(raw, groupId, 1, first.memberId)).toBe(0)
    expect(await heartbeat(raw, groupId, 0, first.memberId)).toBe(ErrorCode.ILLEGAL_GENERATION)
    expect(await heartbeat(raw, groupId, 1, 'somebody-else')).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  test('lets nobody commit who is not in the generation', async () => {
    const topic = await createTopic(admin)
    const groupId = uniqueName('fenced')
    const { memberId, generation } = await joinAnew(raw, groupId)
    expect(await commitAsMember(raw, groupId, generation, memberId, topic)).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    await sync(raw, groupId, generation, memberId, [[memberId, 'mine']])
    expect(await commitAsMember(raw, groupId, generation, memberId, topic)).toBe(0)
    expect(await commitAsMember(raw, groupId, generation - 1, memberId, topic)).toBe(ErrorCode.ILLEGAL_GENERATION)
    expect(await commitAsMember(raw, groupId, generation, 'stranger', topic)).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(await commitAsMember(raw, groupId, -1, '', topic)).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect(await commitAsMember(raw, uniqueName('nobody'), 3, 'stranger', topic)).toBe(ErrorCode.ILLEGAL_GENERATION)
    expect(await commitAsMember(raw, uniqueName('admin'), -1, '', topic)).toBe(0)
    expect(await commitAsMember(raw, uniqueName('admin'), -1, '', 'no-such-topic')).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    )
  })

  test('holds the join of a newcomer until the present members have joined again, and keeps the leader', async () => {
    const groupId = uniqueName('barrier')
    const other = await connectRaw(broker.brokers[0] ?? '')
    const leader = await joinAnew(raw, groupId)
    await sync(raw, groupId, leader.generation, leader.memberId, [[leader.memberId, 'all']])

    const { memberId: newcomerId } = await join(other, groupId, '')
    const newcomer = join(other, groupId, newcomerId)
    await waitFor('the leader to be told', async () => {
      const errorCode = await heartbeat(raw, groupId, leader.generation, leader.memberId)
      return errorCode === ErrorCode.REBALANCE_IN_PROGRESS
    })
    const again = await join(raw, groupId, leader.memberId)
    const joinedNow = await newcomer
    expect(again.generation).toBe(leader.generation + 1)
    expect(joinedNow.generation).toBe(again.generation)
    expect([again.leaderId, joinedNow.leaderId]).toEqual([leader.memberId, leader.memberId])
    expect(new Set(again.members)).toEqual(new Set([leader.memberId, newcomerId]))
    expect(joinedNow.members).toEqual([])

    const followers = sync(other, groupId, again.generation, newcomerId, [])
    await sync(raw, groupId, again.generation, leader.memberId, [
      [leader.memberId, 'half'],
      [newcomerId, 'other half'],
    ])
    expect(await followers).toEqual({ errorCode: 0, assignment: 'other half' })
    other.close()
  })

  test('refuses a member that shares no protocol, and a session out of bounds', async () => {
    const groupId = uniqueName('protocol')
    const { memberId, generation } = await joinAnew(raw, groupId)
    await sync(raw, groupId, generation, memberId, [])
    const other = await connectRaw(broker.brokers[0] ?? '')
    expect((await join(other, groupId, '', 6_000, 'q')).errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    expect((await join(other, uniqueName('hasty'), '', 10)).errorCode).toBe(ErrorCode.INVALID_SESSION_TIMEOUT)
    expect((await join(other, '', '')).errorCode).toBe(ErrorCode.INVALID_GROUP_ID)
    other.close()
  })

  test('evicts a member that falls silent, and goes on without it', async () => {
    const groupId = uniqueName('silent')
    const other = await connectRaw(broker.brokers[0] ?? '')
    const first = await joinAnew(raw, groupId)
    await sync(raw, groupId, first.generation, first.memberId, [])
    const { memberId: secondId } = await join(other, groupId, '')
    // The first member never joins again: at the rebalance timeout the barrier falls without it.
    const second = await join(other, groupId, secondId)
    expect(second).toMatchObject({ errorCode: 0, leaderId: secondId, members: [secondId] })
    expect(await heartbeat(raw, groupId, first.generation, first.memberId)).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    expect((await join(raw, groupId, first.memberId)).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
    other.close()
  })
})
