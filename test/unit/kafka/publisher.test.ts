import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyPartition } from '../../../lib/kafka/key-partition.ts'
import { type EncodedRecord, openPublisher, recordBytes, sendRecords, slices } from '../../../lib/kafka/publisher.ts'
import { InvariantViolated } from '../../../lib/ops/errors.ts'

const recordOf = (key: string, size_bytes: number): EncodedRecord => ({
  topic: 't',
  partition: 0,
  key,
  value: Buffer.alloc(size_bytes),
})

test('cuts any sequence of records into pieces that one send may hold, in order and without loss', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 40 }), fc.nat(2_500), (sizes, small) => {
      const records = [...sizes, ...new Array<number>(small).fill(1)].map((size, i) => recordOf(String(i), size))
      const pieces = [...slices(records)]
      expect(pieces.flat()).toEqual(records)
      for (const piece of pieces) {
        expect(piece.length).toBeGreaterThan(0)
        expect(piece.reduce((total, record) => total + recordBytes(record), 0)).toBeLessThanOrEqual(900_000)
      }
    }),
    { numRuns: 30 },
  )
})

test('sends a record that is larger than a piece alone', () => {
  const records = [recordOf('a', 10), recordOf('b', 2_000_000), recordOf('c', 10)]
  expect([...slices(records)].map((piece) => piece.map(({ key }) => key))).toEqual([['a'], ['b'], ['c']])
})

test('sends one piece after the other, each of one partition, with keys and in order', async () => {
  const sent: string[] = []
  let underWay = 0
  const sender = {
    async sendBatch({ topicMessages }: { topicMessages: { topic: string; messages: { key?: unknown }[] }[] }) {
      expect(++underWay).toBe(1)
      await Promise.resolve()
      for (const { topic, messages } of topicMessages) sent.push(`${topic} ${JSON.stringify(messages)}`)
      underWay--
    },
  }
  await sendRecords(sender, [
    { topic: 'x', partition: 3, key: 'k', value: null, headers: { hop: '1' } },
    { topic: 'y', partition: 0, key: 'l', value: Buffer.alloc(900_000) },
    { topic: 'x', partition: 2, key: 'm', value: null },
    { topic: 'x', partition: 3, key: 'n', value: null },
  ])
  expect(sent[0]).toBe(
    'x [{"partition":3,"key":"k","value":null,"headers":{"hop":"1"}},{"partition":3,"key":"n","value":null}]',
  )
  expect(sent.map((line) => line.slice(0, 1))).toEqual(['x', 'y', 'x'])
})

test('refuses a record without a key, and sends none of those that were to go with it', async () => {
  let sends = 0
  const sender = {
    async sendBatch() {
      sends++
    },
  }
  for (const key of [null, undefined, 7] as unknown as string[]) {
    const sent = sendRecords(sender, [recordOf('a', 1), { ...recordOf('b', 1), key }])
    await expect(sent).rejects.toThrow(InvariantViolated)
    await expect(sent).rejects.toThrow('a record for t has no key')
  }
  expect(sends).toBe(0)
})

test('a publisher refuses a record without a key, and goes on with those that have one', async () => {
  const sent: string[] = []
  const producer = {
    connect: async () => undefined,
    async sendBatch({ topicMessages }: { topicMessages: { messages: { key: string }[] }[] }) {
      for (const { messages } of topicMessages) sent.push(...messages.map(({ key }) => key))
    },
  }
  const kafka = { idempotentProducer: () => producer, reach: (_doing: string, action: () => unknown) => action() }
  const codec = { prepareTopics: async () => undefined, encode: () => Buffer.alloc(1) }
  const publisher = await openPublisher({
    kafka: kafka as never,
    codec: codec as never,
    prefix: 'p.',
    partitions: 4,
    topics: ['requests'],
  })
  const value = {} as never
  const keyless = publisher.publish([
    { topic: 'requests', key: 'a', value },
    { topic: 'requests', key: undefined as unknown as string, value },
  ])
  await expect(keyless).rejects.toThrow(
    'a record for p.requests has no key (undefined): nothing of this send was written; give it the key that schemas/topics.ts names',
  )
  expect(sent).toEqual([])
  await publisher.publish([{ topic: 'requests', key: 'b', value }])
  expect(sent).toEqual(['b'])
  expect(publisher.counters().get('requests')).toEqual({ records: 1, bytes: 1 })
})

test('places a key where every producer with the default partitioner of Kafka places it', () => {
  // Computed with org.apache.kafka.common.utils.Utils.murmur2 of kafka-clients.
  expect(['21', 'foobar', 'acct-1', 'a-little-bit-long-string'].map((key) => keyPartition(key, 12))).toEqual([
    0, 6, 2, 8,
  ])
  expect(keyPartition('21', 1)).toBe(0)
})
