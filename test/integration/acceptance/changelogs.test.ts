import { afterEach, expect, test } from 'vitest'
import { localSchema } from '../../../lib/avro/record-types.ts'
import { FRAME_BYTES, frame } from '../../../lib/avro/wire-format.ts'
import { ChangelogLost, HopLengthMismatch } from '../../../lib/kafka/errors.ts'
import { sendRecords } from '../../../lib/kafka/publisher.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import {
  committedThrough,
  expectSums,
  finish,
  Harness,
  publishRequests,
  readSums,
  requestsOf,
  stopInTime,
} from '../runtime/harness.ts'
import { countingStage, expectedSums, HOP_MS, summingStage } from '../runtime/toy.ts'
import { registerVariant } from './schema-variants.ts'
import { allowDeletion, deleteRecords, makeAnew } from './topic-changes.ts'

const harness = new Harness()
afterEach(() => harness.close())

test('a changelog that holds nothing but tombstones, aborted records and transaction markers is that of a new task', async () => {
  const cluster = await harness.cluster(1)
  const changelog = `${cluster.prefix}fingerprints.state`
  const producer = cluster.kafka.transactionalProducer('a-former-owner', 10_000)
  await producer.connect()
  for (const ends of ['commit', 'abort', 'commit', 'abort'] as const) {
    const transaction = await producer.transaction()
    const keys = ['account-1', 'account-2']
    await sendRecords(
      transaction,
      keys.map((key) => ({ topic: changelog, partition: 0, key, value: ends === 'commit' ? null : Buffer.of(1) })),
    )
    await transaction[ends]()
  }
  await producer.disconnect()

  const sum = await harness.start(cluster, summingStage, 1)
  const count = await harness.start(cluster, countingStage(), 1)
  const publisher = await harness.publisher(cluster, 1)
  const requests = requestsOf(1_000, 1_000)
  await publishRequests(publisher, requests)
  await finish(publisher, sum, 1_004)
  await expectSums(cluster, 1_004, requests)
  expect(count.counters().tasks).toMatchObject([{ restores: 1, restored_records: 4, changelog_missed: 0 }])
  await stopInTime(cluster, [count, sum])
})

test('a changelog that a newer version has written, with a field more, is read by this one: an upgrade can be taken back', async () => {
  const { cluster, sum, publisher, before, after } = await stoppedMidway()

  const { fields } = JSON.parse(localSchema('fingerprints.state'))
  const added = { name: 'added_later', type: 'string', default: '' }
  const newer = await registerVariant(cluster, 'fingerprints.state', { fields: [...fields, added] })
  const entries = await readTopic({ ...cluster, topic: 'fingerprints.state' })
  const latest = new Map(entries.map(({ key, value }) => [key ?? '', value]))
  const producer = cluster.kafka.idempotentProducer()
  await producer.connect()
  await sendRecords(
    producer,
    [...latest].map(([key, value]) => {
      const bytes = cluster.codec.encode('fingerprints.state', value!).subarray(FRAME_BYTES)
      // Avro writes fields one after the other: the last one is a string of three letters.
      const more = Buffer.concat([bytes, Buffer.from([6]), Buffer.from('new')])
      return { topic: `${cluster.prefix}fingerprints.state`, partition: 0, key, value: frame(newer, more) }
    }),
  )
  await producer.disconnect()

  const second = await harness.start(cluster, countingStage(), 1)
  await publishRequests(publisher, after)
  await finish(publisher, sum, 1_009)
  await expectSums(cluster, 1_009, [...before, ...after])
  expect(second.counters().tasks[0]?.restored_records).toBeGreaterThan(latest.size)
  await stopInTime(cluster, [second, sum])
})

test('a changelog whose beginning was deleted is said so loudly, and the task goes on with what is left', async () => {
  const { cluster, sum, publisher, before, after } = await stoppedMidway()
  await allowDeletion(cluster, 'fingerprints.state')
  await deleteRecords(cluster, 'fingerprints.state', 0, 1)

  const second = await harness.start(cluster, countingStage(), 1)
  await publishRequests(publisher, after)
  await finish(publisher, sum, 1_009)
  const sums = await readSums(cluster, 1_009)
  // What every hop says of itself is right; what the lost entry knew of its account is not known any more.
  expect(sums.map(({ hop, total }) => [hop, total])).toEqual(
    expectedSums([...before, ...after]).map(({ hop, total }) => [hop, total]),
  )
  expect(second.counters().tasks).toMatchObject([{ restores: 1, changelog_missed: 1 }])
  expect(cluster.lines.filter(({ message }) => message.includes('the changelog has lost its beginning'))).toMatchObject(
    [{ level: 'error', fields: { task: 0, topic: 'fingerprints.state', from: 0, to: 1 } }],
  )
  await stopInTime(cluster, [second, sum])
})

test('a changelog that is gone ends the stage with what to do, and nothing is said a second time', async () => {
  const { cluster, sum } = await stoppedMidway()
  await makeAnew(cluster, 'fingerprints.state', 1)

  const second = await harness.start(cluster, countingStage(), 1)
  await expect(second.closed).rejects.toThrow(ChangelogLost)
  await expect(second.closed).rejects.toThrow(/delete the group's offsets/)
  expect((await readSums(cluster, 1_003)).map(({ hop }) => hop)).toEqual([1_000, 1_001, 1_002, 1_003])
  await stopInTime(cluster, [sum])
})

test('a changelog of hops of another length ends the stage with what to do, and nothing is said', async () => {
  const { cluster, sum } = await stoppedMidway()
  const second = await harness.start(cluster, countingStage(), 1, { hop_ms: HOP_MS / 2 })
  await expect(second.closed).rejects.toThrow(HopLengthMismatch)
  await expect(second.closed).rejects.toThrow(`hops of ${HOP_MS} ms`)
  expect((await readSums(cluster, 1_003)).map(({ hop }) => hop)).toEqual([1_000, 1_001, 1_002, 1_003])
  await stopInTime(cluster, [sum])
})

/** The counting stage has been at work through hop 1,003 and is stopped; `after` is not written yet. */
async function stoppedMidway() {
  const cluster = await harness.cluster(1)
  const sum = await harness.start(cluster, summingStage, 1)
  const first = await harness.start(cluster, countingStage(), 1)
  const publisher = await harness.publisher(cluster, 1)
  const [before, after] = [requestsOf(1_000, 1_000), requestsOf(1_005, 1_000)]
  await publishRequests(publisher, before)
  await committedThrough(first, 1_003)
  await first.stop()
  return { cluster, sum, publisher, before, after }
}
