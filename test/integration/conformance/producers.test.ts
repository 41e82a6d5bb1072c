import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../lib/embedded/protocol/error-codes.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { createTopic, kafkaClient, numbered, producerOf, readTopic, uniqueName } from '../../helpers/kafka-client.ts'
import { connectRaw, type RawClient } from '../../helpers/raw-client.ts'
import { initProducer, produce } from '../../helpers/raw-requests.ts'
import { encodeBatch, seal } from '../../helpers/record-batches.ts'
import { waitFor } from '../../helpers/wait-for.ts'

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

describe('a produced batch', () => {
  test('comes back as it was sent, keys, values, nulls, headers and times', async () => {
    const topic = await createTopic(admin)
    const producer = producerOf(kafka)
    await producer.connect()
    const timestamp = String(Date.now() - 5_000)
    await producer.send({
      topic,
      messages: [
        { key: 'a', value: 'one', headers: { trace: 'x' }, timestamp },
        { key: 'b', value: null, timestamp },
        { key: null, value: Buffer.alloc(0), timestamp },
      ],
    })
    await producer.disconnect()
    const received = await readTopic(kafka, topic, (all) => all.length >= 3)
    expect(
      received.map(({ message }) => ({
        key: message.key === null ? null : String(message.key),
        value: message.value === null ? null : String(message.value),
        trace: message.headers?.trace === undefined ? null : String(message.headers.trace),
        timestamp: message.timestamp,
      })),
    ).toEqual([
      { key: 'a', value: 'one', trace: 'x', timestamp },
      { key: 'b', value: null, trace: null, timestamp },
      { key: null, value: '', trace: null, timestamp },
    ])
  })

  test('survives gzip', async () => {
    const topic = await createTopic(admin)
    const producer = producerOf(kafka)
    await producer.connect()
    const messages = numbered(2_000)
    await producer.send({ topic, compression: kafkajs.CompressionTypes.GZIP, messages })
    await producer.disconnect()
    const received = await readTopic(kafka, topic, (all) => all.length >= 2_000)
    expect(received.map(({ message }) => String(message.value))).toEqual(messages.map(({ value }) => value))
  })

  test('may be as large as the topic allows and no larger', async () => {
    const topic = await createTopic(admin, { configEntries: [{ name: 'max.message.bytes', value: '3000000' }] })
    const producer = producerOf(kafka, { retry: { retries: 0 } })
    await producer.connect()
    await producer.send({ topic, messages: [{ key: 'large', value: Buffer.alloc(2_900_000, 1) }] })
    await expect(
      producer.send({ topic, messages: [{ key: 'larger', value: Buffer.alloc(3_000_000, 1) }] }),
    ).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' })
    await producer.disconnect()
    const [received] = await readTopic(kafka, topic, (all) => all.length === 1, { maxBytesPerPartition: 1_000 })
    expect(received?.message.value?.length).toBe(2_900_000)
  })

  test('is refused with the reason when it is damaged or unwanted', async () => {
    const topic = await createTopic(admin)
    const compacted = await createTopic(admin, { configEntries: [{ name: 'cleanup.policy', value: 'compact' }] })
    const good = encodeBatch({ records: [{ timestamp_ms: Date.now() }] })
    const damaged = Buffer.from(good)
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
    const miscounted = encodeBatch({ records: [{ timestamp_ms: Date.now() }] })
    miscounted.writeInt32BE(2, 57)
    const control = encodeBatch({ records: [{ timestamp_ms: Date.now() }] })
    control.writeInt16BE(0x20, 21)
    const errorOf = async (name: string, records: Buffer, index = 0) =>
      (await produce(raw, name, records, { index })).errorCode

    expect(await errorOf(topic, damaged)).toBe(ErrorCode.CORRUPT_MESSAGE)
    expect(await errorOf(topic, Buffer.concat([good, good]))).toBe(ErrorCode.INVALID_RECORD)
    expect(await errorOf(topic, Buffer.alloc(0))).toBe(ErrorCode.INVALID_RECORD)
    expect(await errorOf(topic, seal(miscounted))).toBe(ErrorCode.INVALID_RECORD)
    expect(await errorOf(topic, seal(control))).toBe(ErrorCode.INVALID_RECORD)
    expect(await errorOf(topic, good, 5)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    expect(await errorOf(uniqueName('nowhere'), good)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    expect(await errorOf(compacted, encodeBatch({ records: [{ key: null, timestamp_ms: Date.now() }] }))).toBe(
      ErrorCode.INVALID_RECORD,
    )
    const tomorrow_ms = Date.now() + 24 * 3_600_000
    expect(await errorOf(topic, encodeBatch({ records: [{ timestamp_ms: tomorrow_ms }] }))).toBe(
      ErrorCode.INVALID_TIMESTAMP,
    )
    expect((await produce(raw, topic, good, { acks: 2 })).errorCode).toBe(ErrorCode.INVALID_REQUIRED_ACKS)
    expect(await errorOf(topic, good)).toBe(0)
    expect((await admin.fetchTopicOffsets(topic))[0]?.high).toBe('1')
  })

  test('takes the time of the broker where the topic says so', async () => {
    const topic = await createTopic(admin, {
      configEntries: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
    })
    const before_ms = Date.now()
    const batch = encodeBatch({ records: [{ timestamp_ms: 1_000 }, { timestamp_ms: 2_000 }] })
    const { errorCode, appendTime_ms } = await produce(raw, topic, batch)
    expect(errorCode).toBe(0)
    expect(appendTime_ms).toBeGreaterThanOrEqual(before_ms)
    const received = await readTopic(kafka, topic, (all) => all.length === 2)
    expect(new Set(received.map(({ message }) => message.timestamp))).toEqual(new Set([String(appendTime_ms)]))
  })

  test('is stored without an answer when none was asked for', async () => {
    const topic = await createTopic(admin)
    const producer = producerOf(kafka)
    await producer.connect()
    await producer.send({ topic, acks: 0, messages: numbered(5) })
    await waitFor('the records', async () => (await admin.fetchTopicOffsets(topic))[0]?.high === '5')
    await producer.disconnect()
  })
})

describe('an idempotent producer', () => {
  test('appends a repeated batch once and hears the original offset', async () => {
    const topic = await createTopic(admin)
    const { producerId, epoch } = await initProducer(raw, null)
    const batchAt = (baseSequence: number) =>
      encodeBatch({
        records: [{ timestamp_ms: Date.now() }, {}],
        producerId,
        producerEpoch: epoch,
        baseSequence,
      })
    const first = batchAt(0)
    expect(await produce(raw, topic, first)).toMatchObject({ errorCode: 0, baseOffset: 0 })
    const later = [2, 4, 6, 8].map(batchAt)
    for (const batch of later) expect((await produce(raw, topic, batch)).errorCode).toBe(0)
    expect(await produce(raw, topic, first)).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(await produce(raw, topic, later[3] ?? first)).toMatchObject({ errorCode: 0, baseOffset: 8 })
    expect((await admin.fetchTopicOffsets(topic))[0]?.high).toBe('10')

    expect((await produce(raw, topic, batchAt(10))).errorCode).toBe(0)
    expect((await produce(raw, topic, first)).errorCode, 'six batches back').toBe(
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    )
    expect((await produce(raw, topic, batchAt(14))).errorCode, 'a gap').toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect((await admin.fetchTopicOffsets(topic))[0]?.high).toBe('12')
  })

  test('is refused under an epoch that has been succeeded', async () => {
    const topic = await createTopic(admin)
    const { producerId, epoch } = await initProducer(raw, null)
    const batch = (producerEpoch: number, baseSequence: number) =>
      encodeBatch({ records: [{ timestamp_ms: Date.now() }], producerId, producerEpoch, baseSequence })
    expect((await produce(raw, topic, batch(epoch, 0))).errorCode).toBe(0)
    expect((await produce(raw, topic, batch(epoch + 1, 7))).errorCode).toBe(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect((await produce(raw, topic, batch(epoch + 1, 0))).errorCode).toBe(0)
    expect((await produce(raw, topic, batch(epoch, 1))).errorCode).toBe(ErrorCode.INVALID_PRODUCER_EPOCH)
  })

  test('of kafkajs writes each record once', async () => {
    const topic = await createTopic(admin, { numPartitions: 3 })
    const producer = producerOf(kafka, { idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (let from = 0; from < 1_000; from += 100) await producer.send({ topic, messages: numbered(100, 97, from) })
    await producer.disconnect()
    const received = await readTopic(kafka, topic, (all) => all.length >= 1_000)
    expect(new Set(received.map(({ message }) => String(message.value))).size).toBe(1_000)
    expect(received.length).toBe(1_000)
  })
})
