import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../lib/embedded/protocol/error-codes.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import {
  committedOffsets,
  createTopic,
  kafkaClient,
  numbered,
  producerOf,
  readTopic,
  transactionalProducerOf,
  uniqueName,
} from '../../helpers/kafka-client.ts'
import { connectRaw, type RawClient } from '../../helpers/raw-client.ts'
import {
  addOffsets,
  addPartition,
  commitOffsetInTransaction,
  endTransaction,
  fetchOnce,
  type Identity,
  initProducer,
  listOffset,
  produce,
} from '../../helpers/raw-requests.ts'
import { encodeBatch } from '../../helpers/record-batches.ts'
import { waitFor } from '../../helpers/wait-for.ts'

const LATEST = -1

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
})
afterAll(async () => {
  raw.close()
  await admin.disconnect()
  await broker.close()
})

const transactionalBatch = (identity: Identity, baseSequence: number, count = 1) =>
  encodeBatch({
    records: Array.from({ length: count }, () => ({ timestamp_ms: Date.now() })),
    producerId: identity.producerId,
    producerEpoch: identity.epoch,
    baseSequence,
    isTransactional: true,
  })

const committedOffset = async (groupId: string, topic: string) => (await committedOffsets(admin, groupId, topic))[0]

describe('a transaction of kafkajs', () => {
  test('shows its records and offsets to readers of committed data when it commits, never when it aborts', async () => {
    const topic = await createTopic(admin, { numPartitions: 2 })
    const input = await createTopic(admin)
    const groupId = uniqueName('in-transaction')
    const producer = transactionalProducerOf(kafka, uniqueName('tx'))
    await producer.connect()
    const offsets = (offset: string) => ({
      consumerGroupId: groupId,
      topics: [{ topic: input, partitions: [{ partition: 0, offset }] }],
    })

    const committed = await producer.transaction()
    await committed.send({ topic, messages: numbered(30, 7, 0) })
    await committed.sendOffsets(offsets('7'))
    expect(await committedOffset(groupId, input)).toBe('-1')
    await committed.commit()
    // Kafka answers a commit before it has written the markers that make it visible.
    await waitFor('the offset to be committed', async () => (await committedOffset(groupId, input)) === '7')

    const aborted = await producer.transaction()
    await aborted.send({ topic, messages: numbered(30, 7, 100) })
    await aborted.sendOffsets(offsets('9'))
    await aborted.abort()

    const last = await producer.transaction()
    await last.send({ topic, messages: numbered(10, 7, 200) })
    await last.commit()
    await producer.disconnect()

    expect(await committedOffset(groupId, input)).toBe('7')
    const values = (await readTopic(kafka, topic, (all) => all.length >= 40)).map(({ message }) =>
      Number(message.value),
    )
    expect(values.sort((a, b) => a - b)).toEqual(
      [...numbered(30), ...numbered(10, 7, 200)].map(({ value }) => Number(value)),
    )
    const all = await readTopic(kafka, topic, (received) => received.length >= 70, { readUncommitted: true })
    expect(all.length).toBe(70)
  })

  test('is fenced by a successor with the same id', async () => {
    const topic = await createTopic(admin)
    const transactionalId = uniqueName('tx')
    const zombie = transactionalProducerOf(kafka, transactionalId, { retry: { retries: 1 } })
    await zombie.connect()
    const abandoned = await zombie.transaction()
    await abandoned.send({ topic, messages: [{ key: 'k', value: 'abandoned' }] })

    const successor = transactionalProducerOf(kafka, transactionalId)
    await successor.connect()
    const taken = await successor.transaction()
    await taken.send({ topic, messages: [{ key: 'k', value: 'successor' }] })
    await expect(abandoned.send({ topic, messages: [{ key: 'k', value: 'zombie' }] })).rejects.toMatchObject({
      type: 'INVALID_PRODUCER_EPOCH',
    })
    await expect(abandoned.commit()).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' })
    await taken.commit()
    await zombie.disconnect()
    await successor.disconnect()
    const received = await readTopic(kafka, topic, (all) => all.length >= 1)
    expect(received.map(({ message }) => String(message.value))).toEqual(['successor'])
  })

  test('holds readers of committed data at its first record while it is open', async () => {
    const topic = await createTopic(admin)
    const transactional = transactionalProducerOf(kafka, uniqueName('tx'))
    const plain = producerOf(kafka)
    await Promise.all([transactional.connect(), plain.connect()])
    await plain.send({ topic, messages: [{ key: 'k', value: 'before' }] })
    const open = await transactional.transaction()
    await open.send({ topic, messages: [{ key: 'k', value: 'inside' }] })
    await plain.send({ topic, messages: [{ key: 'k', value: 'after' }] })

    expect((await listOffset(raw, topic, LATEST, 0)).offset).toBe(3)
    expect((await listOffset(raw, topic, LATEST, 1)).offset).toBe(1)
    const beyond = async (isolation: 0 | 1) => (await fetchOnce(raw, topic, { offset: 1, isolation })).partition
    expect(await beyond(1)).toMatchObject({ errorCode: 0, highWatermark: 3, lastStableOffset: 1, aborted: [] })
    expect((await beyond(1))?.records.length).toBe(0)
    expect((await beyond(0))?.records.length).toBeGreaterThan(0)
    const uncommitted = await readTopic(kafka, topic, (all) => all.length >= 3, { readUncommitted: true })
    expect(uncommitted.length).toBe(3)
    await open.commit()
    await waitFor(
      'the last stable offset to pass the marker',
      async () => (await listOffset(raw, topic, LATEST, 1)).offset === 4,
    )
    const values = (await readTopic(kafka, topic, (all) => all.length >= 3)).map(({ message }) => String(message.value))
    expect(values).toEqual(['before', 'inside', 'after'])
    await Promise.all([transactional.disconnect(), plain.disconnect()])
  })

  test('interleaves with others on one partition, and only the aborted records are hidden', async () => {
    const topic = await createTopic(admin)
    const producers = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        const producer = transactionalProducerOf(kafka, uniqueName(`tx-${name}`))
        await producer.connect()
        return { name, producer }
      }),
    )
    const transactions = []
    for (const { name, producer } of producers) transactions.push({ name, transaction: await producer.transaction() })
    for (let round = 0; round < 5; round++) {
      for (const { name, transaction } of transactions) {
        await transaction.send({ topic, messages: [{ key: name, value: `${name}${round}` }] })
      }
    }
    for (const { name, transaction } of transactions) await (name === 'b' ? transaction.abort() : transaction.commit())
    await Promise.all(producers.map(({ producer }) => producer.disconnect()))
    const values = (await readTopic(kafka, topic, (all) => all.length >= 10)).map(({ message }) =>
      String(message.value),
    )
    expect(values).toEqual([0, 1, 2, 3, 4].flatMap((round) => [`a${round}`, `c${round}`]))
  })
})

describe('the transaction protocol below kafkajs', () => {
  test('refuses every request of a fenced owner', async () => {
    const topic = await createTopic(admin)
    const groupId = uniqueName('fenced')
    const id = uniqueName('tx')
    const zombie = await initProducer(raw, id)
    expect(await addPartition(raw, id, zombie, topic)).toBe(0)
    expect((await produce(raw, topic, transactionalBatch(zombie, 0), { transactionalId: id })).errorCode).toBe(0)
    const owner = await initProducer(raw, id)
    expect(owner.producerId).toBe(zombie.producerId)
    expect(owner.epoch).toBeGreaterThan(zombie.epoch)

    const fenced = ErrorCode.INVALID_PRODUCER_EPOCH
    expect(await addPartition(raw, id, zombie, topic)).toBe(fenced)
    expect(await addOffsets(raw, id, zombie, groupId)).toBe(fenced)
    expect((await produce(raw, topic, transactionalBatch(zombie, 1), { transactionalId: id })).errorCode).toBe(fenced)
    expect(await endTransaction(raw, id, zombie, true)).toBe(fenced)
    // The abandoned record and the abort marker: nothing of the zombie came after.
    expect((await listOffset(raw, topic, LATEST, 1)).offset).toBe(2)
  })

  test('refuses offsets of a fenced owner, whose group the successor has added', async () => {
    const topic = await createTopic(admin)
    const groupId = uniqueName('fenced')
    const id = uniqueName('tx')
    const zombie = await initProducer(raw, id)
    const owner = await initProducer(raw, id)
    expect(await addOffsets(raw, id, owner, groupId)).toBe(0)
    expect(await commitOffsetInTransaction(raw, id, owner, { groupId, topic, offset: 3 })).toBe(0)
    expect(await commitOffsetInTransaction(raw, id, zombie, { groupId, topic, offset: 9 })).toBe(
      ErrorCode.INVALID_PRODUCER_EPOCH,
    )
    expect(await endTransaction(raw, id, owner, true)).toBe(0)
    await waitFor('the committed offset', async () => (await committedOffset(groupId, topic)) === '3')
  })

  test('refuses a transactional batch on a partition that was not added', async () => {
    const topic = await createTopic(admin)
    const id = uniqueName('tx')
    const identity = await initProducer(raw, id)
    const { errorCode } = await produce(raw, topic, transactionalBatch(identity, 0), { transactionalId: id })
    expect(errorCode).toBe(ErrorCode.INVALID_TXN_STATE)
    expect((await listOffset(raw, topic, LATEST, 0)).offset).toBe(0)
  })

  test('refuses an owner that it does not know, and partitions that do not exist', async () => {
    const topic = await createTopic(admin)
    const id = uniqueName('tx')
    const identity = await initProducer(raw, id)
    const stranger = { producerId: identity.producerId + 1_000_000, epoch: 0 }
    expect(await addPartition(raw, id, stranger, topic)).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    expect(await addPartition(raw, id, identity, uniqueName('nowhere'))).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  })

  test('ends a transaction once, and takes a repeat of the same end', async () => {
    const topic = await createTopic(admin)
    const id = uniqueName('tx')
    const identity = await initProducer(raw, id)
    expect(await endTransaction(raw, id, identity, true)).toBe(ErrorCode.INVALID_TXN_STATE)
    await addPartition(raw, id, identity, topic)
    await produce(raw, topic, transactionalBatch(identity, 0), { transactionalId: id })
    expect(await endTransaction(raw, id, identity, true)).toBe(0)
    expect(await endTransaction(raw, id, identity, true)).toBe(0)
    expect(await endTransaction(raw, id, identity, false)).toBe(ErrorCode.INVALID_TXN_STATE)
    await waitFor('one record and one marker', async () => (await listOffset(raw, topic, LATEST, 1)).offset === 2)
  })

  test('aborts a transaction past its timeout and fences its owner', async () => {
    const topic = await createTopic(admin)
    const id = uniqueName('tx')
    const identity = await initProducer(raw, id, 1_000)
    await addPartition(raw, id, identity, topic)
    await produce(raw, topic, transactionalBatch(identity, 0), { transactionalId: id })
    expect((await listOffset(raw, topic, LATEST, 1)).offset).toBe(0)
    await waitFor('the abort marker', async () => (await listOffset(raw, topic, LATEST, 1)).offset === 2, 30_000)
    expect(await endTransaction(raw, id, identity, true)).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
  })
})
