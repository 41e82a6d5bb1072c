import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import {
  createTopic,
  kafkaClient,
  producerOf,
  readTopic,
  transactionalProducerOf,
  uniqueName,
} from '../../helpers/kafka-client.ts'
import { waitFor } from '../../helpers/wait-for.ts'

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

// Small segments that close at once, so that a real cleaner has something to clean within a test.
const COMPACTED = [
  { name: 'cleanup.policy', value: 'compact' },
  { name: 'segment.ms', value: '100' },
  { name: 'min.cleanable.dirty.ratio', value: '0.01' },
]

/** Reads the topic again and again until compaction has left `expected` (in front of the newest record, `end`). */
async function settlesAs(topic: string, expected: readonly string[], appendMore: () => Promise<void>) {
  let seen: string[] = []
  await waitFor(
    `compaction to leave ${expected.join(' ')}`,
    async () => {
      broker.compactNow?.()
      await appendMore()
      const high = Number((await admin.fetchTopicOffsets(topic))[0]?.high)
      const received = await readTopic(kafka, topic, (all) => all.some(({ offset }) => Number(offset) >= high - 2))
      seen = received
        .filter(({ message }) => String(message.key) !== 'end')
        .map(({ offset, message }) => `${offset}:${message.key}=${message.value}`)
      return seen.join(' ') === expected.join(' ')
    },
    60_000,
  ).catch((error) => {
    throw new Error(`${error.message}; the last look found ${seen.join(' ')}`)
  })
}

describe('a compacted topic', () => {
  test('keeps the last record of each key at its old offset, tombstones included', async () => {
    const topic = await createTopic(admin, { configEntries: COMPACTED })
    const producer = producerOf(kafka)
    await producer.connect()
    const send = (...messages: { key: string; value: string | null }[]) => producer.send({ topic, messages })
    await send({ key: 'a', value: '1' }, { key: 'a', value: '2' }, { key: 'b', value: '1' })
    await send({ key: 'c', value: '1' }, { key: 'b', value: null })
    await send({ key: 'c', value: '2' })
    await settlesAs(topic, ['1:a=2', '4:b=null', '5:c=2'], async () => void (await send({ key: 'end', value: 'x' })))
    await producer.disconnect()
    expect((await admin.fetchTopicOffsets(topic))[0]?.low).toBe('0')
  })

  test('drops what was aborted and keeps what was committed', async () => {
    const topic = await createTopic(admin, { configEntries: COMPACTED })
    const producer = transactionalProducerOf(kafka, uniqueName('tx'))
    await producer.connect()
    const transact = async (value: string, isCommit: boolean) => {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ key: 'k', value }] })
      await (isCommit ? transaction.commit() : transaction.abort())
    }
    await transact('1', true)
    await transact('2', true)
    await transact('3', false)
    const plain = producerOf(kafka)
    await plain.connect()
    await settlesAs(
      topic,
      ['2:k=2'],
      async () => void (await plain.send({ topic, messages: [{ key: 'end', value: 'x' }] })),
    )
    await Promise.all([producer.disconnect(), plain.disconnect()])
  })

  test('can be read to its end by kafkajs after every key but the last was superseded', async () => {
    const topic = await createTopic(admin, { configEntries: COMPACTED })
    const producer = producerOf(kafka)
    await producer.connect()
    for (let round = 0; round < 20; round++) {
      await producer.send({
        topic,
        messages: Array.from({ length: 50 }, (_, key) => ({ key: `k${key}`, value: `${round}` })),
      })
    }
    broker.compactNow?.()
    const received = await readTopic(kafka, topic, (all) => all.some(({ offset }) => offset === '999'))
    const state = new Map(received.map(({ message }) => [String(message.key), String(message.value)]))
    expect(state.size).toBe(50)
    expect(new Set(state.values())).toEqual(new Set(['19']))
    if (broker.compactNow) expect(received.length).toBe(50)
    await producer.disconnect()
  })
})
