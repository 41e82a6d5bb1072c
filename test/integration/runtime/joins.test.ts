import { afterEach, expect, test } from 'vitest'
import { lookAtStage } from '../../../lib/kafka/lag.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import type { Request } from '../../../schemas/types.ts'
import { eventually } from './cluster.ts'
import { committedThrough, finish, Harness, publishRequests, readSums, requestsOf } from './harness.ts'
import { accountAt, countingStage, HOP_MS, requestAt, summingStage } from './toy.ts'

const harness = new Harness()
afterEach(() => harness.close())

test("joins a table as of each hop's end, whenever the table's records were read", async () => {
  const cluster = await harness.cluster(2)
  const publisher = await harness.publisher(cluster, 2)
  // Everything is there before anything is read, so only event time can tell which plan counts in which hop.
  const plans = [
    accountAt('a', 1_002 * HOP_MS, 'paid'),
    accountAt('a', 1_004 * HOP_MS - 1, 'free'),
    accountAt('a', 1_006 * HOP_MS, 'paid'),
  ]
  await publisher.publish(plans.map((value) => ({ topic: 'accounts' as const, key: 'a', value })))
  await publishRequests(
    publisher,
    Array.from({ length: 8 }, (_, i) => requestAt('a', (1_000 + i) * HOP_MS)),
  )
  const sum = await harness.start(cluster, summingStage, 2)
  const count = await harness.start(cluster, countingStage(), 2)
  await finish(publisher, sum, 1_007)
  // And a record that is written just before the one that cuts its hop counts in that hop.
  for (let hop = 1_011; hop < 1_021; hop++) {
    const plan = hop % 2 === 0 ? 'paid' : 'free'
    const value = accountAt('a', hop * HOP_MS + 1, plan)
    await publisher.publish([{ topic: 'accounts', key: 'a', value }])
    await publishRequests(publisher, [requestAt('a', hop * HOP_MS + 2)])
    await publisher.closeInput((hop + 1) * HOP_MS + 500)
    await committedThrough(count, hop)
  }
  await committedThrough(sum, 1_020)
  const paid = (await readSums(cluster, 1_020)).map(({ hop, counts }) => [hop, counts[0]?.paid])
  expect(paid).toEqual([
    ...[false, false, true, false, false, false, true, true].map((isPaid, i) => [1_000 + i, isPaid]),
    ...Array.from({ length: 10 }, (_, i) => [1_011 + i, i % 2 === 1]),
  ])
})

test('closes the hops of a silent source, and of one that never spoke', async () => {
  const cluster = await harness.cluster(3)
  const sum = await harness.start(cluster, summingStage, 3)
  await harness.start(cluster, countingStage(), 3, { silence_ms: 200 })
  const publisher = await harness.publisher(cluster, 3)
  await publishRequests(publisher, [requestAt('a', 1_000 * HOP_MS), requestAt('a', 1_009 * HOP_MS)])
  await committedThrough(sum, 1_009)
  expect((await readSums(cluster, 1_009)).map(({ hop, total }) => [hop, total])).toEqual([
    [1_000, 1],
    [1_009, 2],
  ])
})

test('says how far a stage is behind, down to nothing when all of its hops are closed', async () => {
  const cluster = await harness.cluster(2)
  const publisher = await harness.publisher(cluster, 2)
  const admin = cluster.kafka.admin()
  await admin.connect()
  harness.onClose(() => admin.disconnect())
  const lagOf = async (stage = countingStage()) => {
    const tasks = await lookAtStage(admin, stage, { prefix: cluster.prefix, partitions: 2 })
    return tasks.flatMap(({ inputs }) => inputs).reduce((total, { lag }) => total + lag, 0)
  }
  await publishRequests(publisher, requestsOf(1_000, 1_000))
  expect(await lagOf()).toBe(1_000)
  const sum = await harness.start(cluster, summingStage, 2)
  const count = await harness.start(cluster, countingStage(), 2)
  await committedThrough(count, 1_003)
  expect(await lagOf()).toBeGreaterThan(0)
  await publisher.closeInput(1_005 * HOP_MS + 500)
  await committedThrough(sum, 1_004)
  await eventually('no lag', async () => (await lagOf()) === 0 && (await lagOf(summingStage)) <= 2)
})

test('leaves no group behind when a reader has read', async () => {
  const cluster = await harness.cluster(2)
  const publisher = await harness.publisher(cluster, 2)
  const requests = requestsOf(1_000, 500)
  await publishRequests(publisher, requests)
  const records = await readTopic({ ...cluster, topic: 'requests' })
  const ids = (values: (Request | null)[]) => values.map((value) => value?.event_id).sort()
  expect(ids(records.map(({ value }) => value))).toEqual(ids(requests))
  const admin = cluster.kafka.admin()
  await admin.connect()
  harness.onClose(() => admin.disconnect())
  const { groups } = await admin.listGroups()
  expect(groups.filter(({ groupId }) => groupId.startsWith(`${cluster.prefix}hydrawatch-reader`))).toEqual([])
})
