import { createRequire } from 'node:module'
import * as fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import {
  ofOnePartition,
  type ProduceArguments,
  type ProduceRequests,
  writeFaster,
} from '../../../lib/kafka/kafkajs-produce.ts'

const require = createRequire(import.meta.url)
const requests: Required<ProduceRequests> = require('kafkajs/src/protocol/requests/produce/index.js')
const { protocol } = requests

const NOW_MS = 1_772_438_388_167

afterEach(() => {
  vi.useRealTimers()
  requests.protocol = protocol
})

const text = fc.string({ unit: 'binary', maxLength: 300 })
const bytes = fc.uint8Array({ maxLength: 3_000 }).map((each) => Buffer.from(each))
const headers = fc.dictionary(
  fc.string({ minLength: 1 }),
  fc.oneof(text, bytes, fc.array(text, { minLength: 2, maxLength: 3 })),
)
// As decimals of 13 digits, kafkajs sorts times as text.
const timestamp = fc.option(fc.integer({ min: NOW_MS - 10_000_000_000, max: NOW_MS + 10_000_000_000 }).map(String), {
  nil: undefined,
})
const message = fc.record(
  { key: fc.option(fc.oneof(text, bytes)), value: fc.option(bytes), headers, timestamp },
  { requiredKeys: ['key', 'value'] },
)
const topic = fc.record({
  topic: text,
  partitions: fc.array(
    fc.record({
      partition: fc.nat(100),
      firstSequence: fc.nat(),
      messages: fc.array(message, { minLength: 1, maxLength: 200 }),
    }),
    { maxLength: 3 },
  ),
})
const produce: fc.Arbitrary<ProduceArguments> = fc.record({
  acks: fc.constantFrom(-1, 0, 1),
  timeout: fc.nat(),
  transactionalId: fc.option(text, { nil: undefined }),
  producerId: fc.oneof(fc.constant(-1), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String)),
  producerEpoch: fc.integer({ min: 0, max: 32_767 }),
  topicData: fc.array(topic, { maxLength: 3 }),
})

async function written(args: ProduceArguments, version: number): Promise<Buffer> {
  const encoder = await requests.protocol({ version })(args).request.encode()
  return (encoder as object as { buffer: Buffer }).buffer
}

test('requests are written byte for byte as kafkajs writes them', async () => {
  vi.useFakeTimers({ now: NOW_MS, toFake: ['Date'] })
  const missed: string[] = []
  await fc.assert(
    fc.asyncProperty(produce, fc.integer({ min: 3, max: 7 }), async (args, version) => {
      requests.protocol = protocol
      const theirs = await written(args, version)
      writeFaster((what) => missed.push(what))
      expect((await written(args, version)).equals(theirs)).toBe(true)
    }),
    { numRuns: 150 },
  )
  expect(missed).toEqual([])
})

test('compressed batches and old message sets are left to kafkajs', async () => {
  vi.useFakeTimers({ now: NOW_MS, toFake: ['Date'] })
  const messages = [{ key: 'k', value: Buffer.from('v') }]
  const args = { acks: -1, timeout: 1, topicData: [{ topic: 't', partitions: [{ partition: 0, messages }] }] }
  const before = [await written({ ...args, compression: 1 }, 7), await written(args, 2)]
  writeFaster(() => undefined)
  expect([await written({ ...args, compression: 1 }, 7), await written(args, 2)]).toEqual(before)
})

test('says so when kafkajs has changed inside, and changes nothing', () => {
  Object.assign(requests, { protocol: undefined })
  const missed: string[] = []
  writeFaster((what) => missed.push(what))
  expect(missed).toEqual(['its way to write records'])
  expect(requests.protocol).toBeUndefined()
})

test('messages of one partition are grouped as kafkajs groups them', () => {
  const group: (options: object) => object = require('kafkajs/src/producer/groupMessagesPerPartition.js')
  const messages = Array.from({ length: 50 }, (_, n) => ({ partition: 3, key: `${n}`, value: null }))
  const options = { topic: 't', partitionMetadata: [{}], partitioner: () => 3 }
  const theirs = group({ ...options, messages: [...messages] })
  expect(group({ ...options, messages: ofOnePartition(messages, 3) })).toEqual(theirs)
})
