import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../lib/embedded/protocol/error-codes.ts'
import { openBroker, type TestBroker } from '../helpers/broker.ts'
import { committedOffsets, createTopic, kafkaClient, readTopic, uniqueName } from '../helpers/kafka-client.ts'
import { connectRaw, type RawClient } from '../helpers/raw-client.ts'
import { commitAsMember, heartbeat, join, sync } from '../helpers/raw-groups.ts'
import {
  addOffsets,
  addPartition,
  commitOffset,
  commitOffsetInTransaction,
  endTransaction,
  type Identity,
  initProducer,
  listOffset,
  produce,
} from '../helpers/raw-requests.ts'
import { encodeBatch, type TestRecord } from '../helpers/record-batches.ts'
import { waitFor } from '../helpers/wait-for.ts'

const [LATEST, EARLIEST] = [-1, -2]
// Longer than a real broker takes to start.
const SESSION_MS = 30_000
const PATIENCE_MS = 60_000
const UNCOMMITTED = 0
const COMMITTED = 1

let broker: TestBroker
let kafka: ReturnType<typeof kafkaClient>
let admin: ReturnType<typeof kafka.admin>
let raw: RawClient

beforeAll(async () => {
  broker = await openBroker()
  kafka = kafkaClient(broker.brokers)
  admin = kafka.admin()
  await admin.connect()
  raw = await connectRaw(broker.brokers[0] ?? '')
  if (!isOursToStop()) return
  // A fresh Apache Kafka makes its topic of offsets when a client first asks who coordinates a group.
  const topic = await createTopic(admin)
  await sooner('a coordinator of groups', () => committedOffset(uniqueName('nobody'), topic), '-1')
  // One restart for all: a real Kafka takes its time over each.
  for (const [name, prepare] of SITUATIONS) checks.set(name, await prepare())
  await restart()
}, 180_000)
afterAll(async () => {
  raw.close()
  await admin.disconnect()
  await broker.close()
})

/** Requests below kafkajs go to one broker, so one of several is not enough. */
const isOursToStop = () => broker.brokerControl !== null && broker.brokers.length === 1

/** Stops the broker and starts it again, with a new connection to it. */
async function restart(): Promise<void> {
  raw.close()
  await broker.brokerControl?.stop()
  await broker.brokerControl?.start()
  raw = await waitFor('a connection', () => connectRaw(broker.brokers[0] ?? '').catch(() => null), PATIENCE_MS)
}

/** The first answer that is the expected one: a broker that has just started may still be loading what the question is about. */
async function sooner<T>(what: string, ask: () => Promise<T>, expected: T): Promise<void> {
  let last: T | null = null
  const isThere = async () => {
    last = await ask().catch(() => null)
    return isDeepStrictEqual(last, expected)
  }
  await waitFor(what, isThere, PATIENCE_MS).catch(() => expect(last).toEqual(expected))
}

const latest = async (topic: string, isolation: 0 | 1) => (await listOffset(raw, topic, LATEST, isolation)).offset

const committedOffset = async (groupId: string, topic: string) => (await committedOffsets(admin, groupId, topic))[0]

const valuesOf = async (topic: string, count: number) =>
  (await readTopic(kafka, topic, (all) => all.length >= count)).map(({ message }) => String(message.value))

const batchOf = (identity: Identity, baseSequence: number, records: readonly TestRecord[], isTransactional = true) =>
  encodeBatch({
    records: records.map((record) => ({ timestamp_ms: Date.now(), ...record })),
    producerId: identity.producerId,
    producerEpoch: identity.epoch,
    baseSequence,
    isTransactional,
  })

/** What is brought about before the restart; each resolves with what is then expected of the time after it. */
const SITUATIONS: readonly (readonly [name: string, prepare: () => Promise<() => Promise<void>>])[] = [
  [
    'an open transaction is still open, hides what it wrote, and commits records and offsets',
    async () => {
      const topic = await createTopic(admin)
      const [transactionalId, groupId] = [uniqueName('tx'), uniqueName('group')]
      const identity = await initProducer(raw, transactionalId)
      await addPartition(raw, transactionalId, identity, topic)
      const first = batchOf(identity, 0, [{ value: 'a' }, { value: 'b' }])
      expect(await produce(raw, topic, first, { transactionalId })).toMatchObject({ errorCode: 0, baseOffset: 0 })
      expect(await addOffsets(raw, transactionalId, identity, groupId)).toBe(0)
      expect(await commitOffsetInTransaction(raw, transactionalId, identity, { groupId, topic, offset: 2 })).toBe(0)
      return async () => {
        await sooner('what is stored', () => latest(topic, UNCOMMITTED), 2)
        expect(await latest(topic, COMMITTED)).toBe(0)
        const more = await produce(raw, topic, batchOf(identity, 2, [{ value: 'c' }]), { transactionalId })
        expect(more).toMatchObject({ errorCode: 0, baseOffset: 2 })
        expect(await endTransaction(raw, transactionalId, identity, true)).toBe(0)
        await sooner('what is committed', () => latest(topic, COMMITTED), 4)
        expect(await valuesOf(topic, 3)).toEqual(['a', 'b', 'c'])
        await sooner('the offset', () => committedOffset(groupId, topic), '2')
      }
    },
  ],
  [
    'the end of a transaction is remembered, for a client that missed the answer',
    async () => {
      const topic = await createTopic(admin)
      const transactionalId = uniqueName('tx')
      const identity = await initProducer(raw, transactionalId)
      await addPartition(raw, transactionalId, identity, topic)
      expect(await endTransaction(raw, transactionalId, identity, true)).toBe(0)
      return async () => {
        expect(await endTransaction(raw, transactionalId, identity, true)).toBe(0)
        expect(await endTransaction(raw, transactionalId, identity, false)).toBe(ErrorCode.INVALID_TXN_STATE)
      }
    },
  ],
  [
    'an aborted transaction stays aborted, and a fenced producer stays fenced',
    async () => {
      const topic = await createTopic(admin)
      const transactionalId = uniqueName('tx')
      const zombie = await initProducer(raw, transactionalId)
      await addPartition(raw, transactionalId, zombie, topic)
      await produce(raw, topic, batchOf(zombie, 0, [{ value: 'zombie' }]), { transactionalId })
      const owner = await initProducer(raw, transactionalId)
      expect(owner.producerId).toBe(zombie.producerId)
      expect(owner.epoch).toBeGreaterThan(zombie.epoch)
      return async () => {
        await sooner('what is committed', () => latest(topic, COMMITTED), 2)
        expect(await addPartition(raw, transactionalId, zombie, topic)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
        const late = await produce(raw, topic, batchOf(zombie, 1, [{ value: 'late' }]), { transactionalId })
        expect(late.errorCode).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
        expect(await addPartition(raw, transactionalId, owner, topic)).toBe(0)
        await produce(raw, topic, batchOf(owner, 0, [{ value: 'owner' }]), { transactionalId })
        expect(await endTransaction(raw, transactionalId, owner, true)).toBe(0)
        expect(await valuesOf(topic, 1)).toEqual(['owner'])
        const stranger = await initProducer(raw, uniqueName('tx'))
        expect(stranger.producerId).not.toBe(owner.producerId)
      }
    },
  ],
  [
    'a batch that is sent again is known, and the next one in sequence is taken',
    async () => {
      const topic = await createTopic(admin)
      const identity = await initProducer(raw, null)
      const batch = (sequence: number) => batchOf(identity, sequence, [{ value: `${sequence}` }], false)
      for (const sequence of [0, 1]) await produce(raw, topic, batch(sequence))
      return async () => {
        const sent = async (sequence: number) => {
          const { errorCode, baseOffset } = await produce(raw, topic, batch(sequence))
          return { errorCode, baseOffset }
        }
        await sooner('the repeat', () => sent(1), { errorCode: 0, baseOffset: 1 })
        expect((await sent(3)).errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
        expect(await sent(2)).toEqual({ errorCode: 0, baseOffset: 2 })
        expect(await latest(topic, UNCOMMITTED)).toBe(3)
      }
    },
  ],
  [
    'a member of a settled group goes on in its generation, and the next rebalance is the next generation',
    async () => {
      const topic = await createTopic(admin)
      const groupId = uniqueName('group')
      await commitOffset(raw, { groupId: uniqueName('other'), topic, offset: 1 })
      const { memberId } = await join(raw, groupId, '', SESSION_MS)
      const { generation } = await join(raw, groupId, memberId, SESSION_MS)
      await sync(raw, groupId, generation, memberId, [[memberId, 'all of it']])
      return async () => {
        await sooner('a commit', () => commitAsMember(raw, groupId, generation, memberId, topic), 0)
        expect(await heartbeat(raw, groupId, generation, memberId)).toBe(0)
        expect(await heartbeat(raw, groupId, generation, 'stranger')).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
        expect(await sync(raw, groupId, generation, memberId, [])).toEqual({ errorCode: 0, assignment: 'all of it' })
        const again = await join(raw, groupId, memberId, SESSION_MS)
        expect(again).toMatchObject({ errorCode: 0, generation: generation + 1, memberId })
      }
    },
  ],
  [
    'a topic that was deleted is gone with its offsets, and one that was altered is as altered',
    async () => {
      const [gone, kept] = [await createTopic(admin), await createTopic(admin)]
      const groupId = uniqueName('group')
      const transactionalId = uniqueName('tx')
      const identity = await initProducer(raw, transactionalId)
      for (const topic of [gone, kept]) {
        await commitOffset(raw, { groupId, topic, offset: 1 })
        expect(await addPartition(raw, transactionalId, identity, topic)).toBe(0)
        await produce(raw, topic, batchOf(identity, 0, [{ value: topic }]), { transactionalId })
      }
      await admin.deleteTopics({ topics: [gone] })
      await admin.createPartitions({ topicPartitions: [{ topic: kept, count: 3 }] })
      const configEntries = [{ name: 'retention.ms', value: '12345' }]
      await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: kept, configEntries }] })
      // A transaction can end although a topic in it is no more.
      expect(await endTransaction(raw, transactionalId, identity, true)).toBe(0)
      return async () => {
        await sooner('what is committed', () => latest(kept, COMMITTED), 2)
        const topics = await admin.listTopics()
        expect([topics.includes(gone), topics.includes(kept)]).toEqual([false, true])
        const { resources } = await admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: 2, name: kept }],
        })
        const retention = resources[0]?.configEntries.find(({ configName }) => configName === 'retention.ms')
        expect(retention?.configValue).toBe('12345')
        expect((await admin.fetchTopicMetadata({ topics: [kept] })).topics[0]?.partitions.length).toBe(3)
        await admin.createTopics({ topics: [{ topic: gone }], waitForLeaders: true })
        await sooner('the offset that stays', () => committedOffset(groupId, kept), '1')
        expect(await committedOffset(groupId, gone)).toBe('-1')
        await sooner('an empty topic', () => latest(gone, UNCOMMITTED), 0)
      }
    },
  ],
]
const checks = new Map<string, () => Promise<void>>()

describe('after a restart of the broker', () => {
  test.for(SITUATIONS)('%s', async ([name], context) => {
    const check = checks.get(name) ?? context.skip('this broker is not ours to stop')
    await check()
  })

  test('what was compacted and deleted stays away, offsets go on, and aborted records stay hidden', async (context) => {
    const { compactNow } = broker
    if (compactNow === null) context.skip('this broker compacts when it likes')
    const topic = await createTopic(admin, { configEntries: [{ name: 'cleanup.policy', value: 'compact,delete' }] })
    const transactionalId = uniqueName('tx')
    const identity = await initProducer(raw, transactionalId)
    const transaction = async (sequence: number, value: string, isCommit: boolean) => {
      await addPartition(raw, transactionalId, identity, topic)
      const records = batchOf(identity, sequence, [
        { key: 'k', value },
        { key: value, value },
      ])
      await produce(raw, topic, records, { transactionalId })
      await endTransaction(raw, transactionalId, identity, isCommit)
    }
    await transaction(0, 'a', true)
    await transaction(2, 'b', true)
    await transaction(4, 'c', false)
    expect(await valuesOf(topic, 4)).toEqual(['a', 'a', 'b', 'b'])
    compactNow?.()
    await restart()
    expect(await valuesOf(topic, 3)).toEqual(['a', 'b', 'b'])
    expect(await latest(topic, COMMITTED)).toBe(9)
    await transaction(6, 'd', true)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] })
    compactNow?.()
    await restart()
    expect(await valuesOf(topic, 3)).toEqual(['b', 'd', 'd'])
    await transaction(8, 'e', false)
    await transaction(10, 'f', true)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '-1' }] })
    await restart()
    expect([(await listOffset(raw, topic, EARLIEST, UNCOMMITTED)).offset, await latest(topic, COMMITTED)]).toEqual([
      18, 18,
    ])
  })
})
