import { afterEach, expect, test } from 'vitest'
import { frame } from '../../../lib/avro/wire-format.ts'
import { sendRecords } from '../../../lib/kafka/publisher.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import type { StageRuntime } from '../../../lib/kafka/stage-runtime.ts'
import type { DeadLetter } from '../../../schemas/types.ts'
import { eventually } from './cluster.ts'
import { committedThrough, expectSums, finish, Harness, publishRequests, requestsOf } from './harness.ts'
import { countingStage, HOP_MS, summingStage } from './toy.ts'

const harness = new Harness()
afterEach(() => harness.close())

test('writes what it can not read to the dead letters once, restart or not, and goes on', async () => {
  const cluster = await harness.cluster(1)
  const { kafka, prefix } = cluster
  const sum = await harness.start(cluster, summingStage, 1)
  const first = await harness.start(cluster, countingStage(), 1)
  const publisher = await harness.publisher(cluster, 1)
  const producer = kafka.idempotentProducer()
  await producer.connect()
  harness.onClose(() => producer.disconnect())
  const poison = { notAvro: Buffer.from('{"poison":1}'), unknownSchema: frame(4_711, Buffer.from([2, 4])) }

  const [before, after] = [requestsOf(1_000, 1_000), requestsOf(1_005, 1_000)]
  await publishRequests(publisher, before.slice(0, 500))
  await sendRecords(producer, [
    { topic: `${prefix}requests`, partition: 0, key: 'a', value: poison.notAvro },
    { topic: `${prefix}requests`, partition: 0, key: 'a', value: poison.unknownSchema },
  ])
  await publishRequests(publisher, before.slice(500))
  await committedThrough(first, 1_003)
  await first.stop()
  await publishRequests(publisher, after)
  const second = await harness.start(cluster, countingStage(), 1)
  await finish(publisher, sum, 1_009)

  await expectSums(cluster, 1_009, [...before, ...after])
  const letters = (await readTopic({ ...cluster, topic: 'dead-letters' })).map(({ value }) => value as DeadLetter)
  expect(letters).toMatchObject([
    { source: 'requests', partition: 0, offset: 500, stage: 'toy-count', reason: 'bad_wire_format', size_bytes: 12 },
    { source: 'requests', partition: 0, offset: 501, stage: 'toy-count', reason: 'unknown_schema', size_bytes: 7 },
  ])
  expect(letters.map(({ payload }) => payload)).toEqual([poison.notAvro, poison.unknownSchema])
  expect(first.counters().tasks[0]?.dead_letters).toBe(2)
  expect(second.counters().tasks[0]?.dead_letters).toBe(0)
})

test('sets aside poison at the head of a partition before any hop closes, once, restart or not, in bounded memory', async () => {
  const cluster = await harness.cluster(1)
  const { prefix } = cluster
  const sum = await harness.start(cluster, summingStage, 1)
  const first = await harness.start(cluster, countingStage(), 1)
  const producer = cluster.kafka.idempotentProducer()
  await producer.connect()
  harness.onClose(() => producer.disconnect())
  const poisonOf = (topic: string, count: number) =>
    Array.from({ length: count }, () => ({
      topic: prefix + topic,
      partition: 0,
      key: 'a',
      value: Buffer.alloc(50_000, 1),
    }))
  // Several times what may wait, and nothing from which a hop could be told.
  await sendRecords(producer, poisonOf('requests', 300))
  await eventually('letters of most of it', () => letterCount(first) > 200)
  expect(first.status().tasks).toMatchObject([{ hop: null }])
  await first.stop()

  const second = await harness.start(cluster, countingStage(), 1)
  await sendRecords(producer, poisonOf('accounts', 200))
  await eventually('letters of the accounts', () => letterCount(second) > 100)
  const publisher = await harness.publisher(cluster, 1)
  const requests = requestsOf(1_000, 1_000)
  await publishRequests(publisher, requests)
  await finish(publisher, sum, 1_004)
  await expectSums(cluster, 1_004, requests)
  const letters = (await readTopic({ ...cluster, topic: 'dead-letters' })).flatMap(({ value }) => value ?? [])
  const places = letters.map(({ source, offset }) => `${source}@${offset}`)
  expect(new Set(places).size).toBe(500)
  expect(places).toHaveLength(500)
})

test('ends the process when a processor throws, shows nothing of that hop, and goes on exactly with mended code', async () => {
  const cluster = await harness.cluster(1)
  const mistake = new TypeError('a mistake of ours')
  const broken = countingStage({
    onProcess: ({ hop }) => {
      if (hop === 1_003) throw mistake
    },
  })
  const sum = await harness.start(cluster, summingStage, 1)
  const publisher = await harness.publisher(cluster, 1)
  const requests = requestsOf(1_000, 1_200)
  await publishRequests(publisher, requests.slice(0, 500))
  const runtime = await harness.start(cluster, broken, 1)
  await committedThrough(runtime, 1_000)
  await publishRequests(publisher, requests.slice(500, 1_000))
  await expect(runtime.closed).rejects.toBe(mistake)

  // Hops that shared its transaction are not to be seen either; those before it are.
  const said = await readTopic({ ...cluster, topic: 'outcomes' })
  const hops = said.flatMap(({ hop }) => (hop ? [hop.hop] : []))
  expect(Math.min(...hops)).toBe(1_000)
  expect(Math.max(...hops)).toBeLessThan(1_003)

  await harness.start(cluster, countingStage(), 1)
  await publishRequests(publisher, requests.slice(1_000))
  await finish(publisher, sum, 1_005)
  await expectSums(cluster, 1_005, requests)
})

test('says once per hop which part of a processor failed', async () => {
  const cluster = await harness.cluster(1)
  const failure = {
    part: 'a-detector',
    error: 'TypeError',
    message: 'x is not a function',
    where: 'a.ts:1:2',
    count: 7,
  }
  const count = await harness.start(cluster, countingStage({ failures: [failure] }), 1)
  const publisher = await harness.publisher(cluster, 1)
  await publishRequests(publisher, requestsOf(1_000, 600))
  await publisher.closeInput(1_003 * HOP_MS + 500)
  await committedThrough(count, 1_002)
  const said = cluster.lines.filter(({ fields }) => fields.part === 'a-detector')
  expect(said.map(({ level, fields }) => [level, fields])).toEqual(
    [1_000, 1_001, 1_002].map((hop) => ['error', { stage: 'toy-count', task: 0, hop, ...failure }]),
  )
})

function letterCount(runtime: StageRuntime): number {
  return runtime.counters().tasks.reduce((sum, { dead_letters }) => sum + dead_letters, 0)
}
