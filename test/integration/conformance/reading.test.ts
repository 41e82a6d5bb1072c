import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../lib/embedded/protocol/error-codes.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { createTopic, kafkaClient, producerOf, readTopic } from '../../helpers/kafka-client.ts'
import { connectRaw, type RawClient } from '../../helpers/raw-client.ts'
import { fetchOnce, listOffset, produce } from '../../helpers/raw-requests.ts'
import { encodeBatch } from '../../helpers/record-batches.ts'

const EARLIEST = -2
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

const batchOf = (count: number, value = 'value') =>
  encodeBatch({ records: Array.from({ length: count }, () => ({ value, timestamp_ms: Date.now() })) })

describe('offsets by time', () => {
  test('name the earliest record at or after the time, inside a batch, compressed or not', async () => {
    const topic = await createTopic(admin)
    const start_ms = Date.now() - 100_000
    const at = (second: number) => ({ timestamp_ms: start_ms + second * 1_000 })
    await produce(raw, topic, encodeBatch({ records: [at(0), at(1), at(2)] }))
    await produce(raw, topic, encodeBatch({ records: [at(10), at(13), at(11)], isGzipped: true }))
    await produce(raw, topic, encodeBatch({ records: [at(5), at(20)] }))
    const find = (second: number) => listOffset(raw, topic, start_ms + second * 1_000, 0)

    expect(await find(-50)).toEqual({ offset: 0, ...at(0) })
    expect(await find(1)).toEqual({ offset: 1, ...at(1) })
    expect(await find(1.5)).toEqual({ offset: 2, ...at(2) })
    expect(await find(3)).toEqual({ offset: 3, ...at(10) })
    expect(await find(12)).toEqual({ offset: 4, ...at(13) })
    expect(await find(14)).toEqual({ offset: 7, ...at(20) })
    expect(await find(21)).toEqual({ offset: -1, timestamp_ms: -1 })
    expect((await listOffset(raw, topic, EARLIEST, 0)).offset).toBe(0)
    expect((await listOffset(raw, topic, LATEST, 0)).offset).toBe(8)
    const byKafkajs = await admin.fetchTopicOffsetsByTimestamp(topic, start_ms + 12_000)
    expect(byKafkajs).toEqual([{ partition: 0, offset: '4' }])
  })
})

describe('a fetch', () => {
  test('returns at least one batch however small its limit, and no more than fit', async () => {
    const topic = await createTopic(admin)
    const batch = batchOf(1, 'x'.repeat(1_000))
    for (let count = 0; count < 5; count++) await produce(raw, topic, batch)
    const limited = async (bytes_max: number) =>
      (await fetchOnce(raw, topic, { offset: 0, bytes_max })).partition?.records.length ?? 0
    expect(await limited(10)).toBe(batch.length)
    expect(await limited(batch.length * 2)).toBe(batch.length * 2)
    expect(await limited(1 << 20)).toBe(batch.length * 5)
  })

  test('starts with the batch that holds the offset', async () => {
    const topic = await createTopic(admin)
    await produce(raw, topic, batchOf(10))
    await produce(raw, topic, batchOf(10))
    const { partition } = await fetchOnce(raw, topic, { offset: 15 })
    expect(partition?.records.readBigInt64BE(0)).toBe(10n)
    expect(partition).toMatchObject({
      errorCode: 0,
      highWatermark: 20,
      lastStableOffset: 20,
      startOffset: 0,
      aborted: null,
    })
  })

  test('waits for enough bytes and answers as soon as they are there', async () => {
    const topic = await createTopic(admin)
    const batch = batchOf(1)
    const waiting = await connectRaw(broker.brokers[0] ?? '')
    const answer = fetchOnce(waiting, topic, { offset: 0, wait_ms: 15_000, bytes_min: batch.length * 3 })
    let isAnswered = false
    void answer.then(() => {
      isAnswered = true
    })
    await produce(raw, topic, batch)
    await produce(raw, topic, batch)
    expect(isAnswered).toBe(false)
    await produce(raw, topic, batch)
    expect((await answer).partition?.records.length).toBe(batch.length * 3)
    waiting.close()
  })

  test('comes back empty when the wait is over', async () => {
    const topic = await createTopic(admin)
    const { partition } = await fetchOnce(raw, topic, { offset: 0, wait_ms: 50 })
    expect(partition).toMatchObject({ errorCode: 0, highWatermark: 0 })
    expect(partition?.records.length).toBe(0)
  })

  test('says so when offset, topic or session does not exist', async () => {
    const topic = await createTopic(admin)
    await produce(raw, topic, batchOf(3))
    expect((await fetchOnce(raw, topic, { offset: 4 })).partition?.errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE)
    expect((await fetchOnce(raw, topic, { offset: 3 })).partition?.errorCode).toBe(0)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
    expect((await fetchOnce(raw, topic, { offset: 1 })).partition?.errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE)
    expect((await fetchOnce(raw, topic, { offset: 2 })).partition).toMatchObject({ errorCode: 0, startOffset: 2 })
    expect((await fetchOnce(raw, `${topic}-not`, { offset: 0 })).partition?.errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    )
    expect((await fetchOnce(raw, topic, { offset: 2, index: 9 })).partition?.errorCode).toBe(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    )
    expect((await fetchOnce(raw, topic, { offset: 2, sessionEpoch: 3 })).sessionError).toBe(
      ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    )
  })

  test('of kafkajs reads a topic whose head was deleted, gzip and plain batches mixed', async () => {
    const topic = await createTopic(admin)
    const producer = producerOf(kafka)
    await producer.connect()
    for (let round = 0; round < 10; round++) {
      await producer.send({
        topic,
        compression: round % 2 ? kafkajs.CompressionTypes.GZIP : kafkajs.CompressionTypes.None,
        messages: Array.from({ length: 10 }, (_, index) => ({ key: 'k', value: String(round * 10 + index) })),
      })
    }
    await producer.disconnect()
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '35' }] })
    const received = await readTopic(kafka, topic, (all) => all.length >= 65)
    expect(received.map(({ message }) => String(message.value))).toEqual(
      Array.from({ length: 65 }, (_, index) => String(35 + index)),
    )
  })
})
