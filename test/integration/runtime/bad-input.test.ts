import { afterEach, expect, test } from 'vitest'
import { frame } from '../../../lib/avro/wire-format.ts'
import { sendRecords } from '../../../lib/kafka/publisher.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import type { DeadLetter } from '../../../schemas/types.ts'
import { committedThrough, finish, Harness, publishRequests, readSums, requestsOf } from './harness.ts'
import { countingStage, expectedSums, summingStage } from './toy.ts'

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

  expect(await readSums(cluster)).toEqual(expectedSums([...before, ...after]))
  const letters = (await readTopic({ ...cluster, topic: 'dead-letters' })).map(({ value }) => value as DeadLetter)
  expect(letters).toMatchObject([
    { source: 'requests', partition: 0, offset: 500, stage: 'toy-count', reason: 'bad_wire_format', size_bytes: 12 },
    { source: 'requests', partition: 0, offset: 501, stage: 'toy-count', reason: 'unknown_schema', size_bytes: 7 },
  ])
  expect(letters.map(({ payload }) => payload)).toEqual([poison.notAvro, poison.unknownSchema])
  expect(first.counters().tasks[0]?.dead_letters).toBe(2)
  expect(second.counters().tasks[0]?.dead_letters).toBe(0)
})

test('ends the process with the error of a processor that throws', async () => {
  const cluster = await harness.cluster(1)
  const mistake = new TypeError('a mistake of ours')
  const stage = countingStage({
    onProcess: ({ hop }) => {
      if (hop === 1_002) throw mistake
    },
  })
  const runtime = await harness.start(cluster, stage, 1)
  const publisher = await harness.publisher(cluster, 1)
  await publishRequests(publisher, requestsOf(1_000, 1_000))
  await expect(runtime.closed).rejects.toBe(mistake)
})
