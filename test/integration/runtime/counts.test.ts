import { afterEach, expect, test } from 'vitest'
import { committedThrough, expectSums, finish, Harness, publishRequests, readSums, requestsOf } from './harness.ts'
import { countingStage, expectedSums, summingStage } from './toy.ts'

const harness = new Harness()
afterEach(() => harness.close())

test('counts exactly, and says the same with 1 partition and with 4', async () => {
  const requests = requestsOf(1_000, 4_000)
  const results = []
  for (const partitions of [1, 4]) {
    const cluster = await harness.cluster(partitions)
    await harness.start(cluster, countingStage(), partitions)
    const sum = await harness.start(cluster, summingStage, partitions)
    const publisher = await harness.publisher(cluster, partitions)
    await publishRequests(publisher, requests)
    await finish(publisher, sum, 1_019)
    results.push(await readSums(cluster, 1_019))
  }
  expect(results[0]).toEqual(expectedSums(requests))
  expect(results[1]).toEqual(results[0])
})

test('carries on where it stopped, from a changelog that was compacted in between', async () => {
  const cluster = await harness.cluster(2)
  const sum = await harness.start(cluster, summingStage, 2)
  const publisher = await harness.publisher(cluster, 2)
  const first = await harness.start(cluster, countingStage(), 2)
  const [before, after] = [requestsOf(1_000, 2_000), requestsOf(1_010, 2_000)]
  await publishRequests(publisher, before)
  await committedThrough(first, 1_005)
  await first.stop()
  cluster.service.compactNow?.()
  await publishRequests(publisher, after)
  const second = await harness.start(cluster, countingStage(), 2)
  await finish(publisher, sum, 1_019)
  await expectSums(cluster, 1_019, [...before, ...after])
  const { tasks } = second.counters()
  expect(tasks.map(({ restores }) => restores)).toEqual([1, 1])
  for (const { restored_records } of tasks) expect(restored_records).toBeGreaterThan(0)
  const changes = first
    .counters()
    .tasks.reduce((sum, { written }) => sum + (written.get('fingerprints.state')?.records ?? 0), 0)
  const restored = tasks.reduce((sum, { restored_records }) => sum + restored_records, 0)
  if (!cluster.isExternal) expect(restored).toBeLessThan(changes)
})
