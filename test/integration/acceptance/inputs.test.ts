import { afterEach, expect, test } from 'vitest'
import { keyPartition } from '../../../lib/kafka/key-partition.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import type { StageRuntime } from '../../../lib/kafka/stage-runtime.ts'
import type { Request } from '../../../schemas/types.ts'
import { eventually } from '../runtime/cluster.ts'
import { TestGate } from '../runtime/gate.ts'
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
import { countingStage, expectedSums, HOP_MS, requestAt, summingStage } from '../runtime/toy.ts'
import { deleteRecords } from './topic-changes.ts'
import { heldReads } from './troubles/members.ts'

const harness = new Harness()
afterEach(() => harness.close())

test('records that retention removes before they are read are a counted, loud gap, and everything else counts once', async () => {
  const cluster = await harness.cluster(1)
  const gate = new TestGate()
  const sum = await harness.start(cluster, summingStage, 1)
  const first = await harness.start(cluster, countingStage(), 1, { codec: heldReads(cluster.codec, gate) })
  const publisher = await harness.publisher(cluster, 1)
  const [read, unread] = [requestsOf(1_000, 1_000), requestsOf(1_005, 2_000)]
  await publishRequests(publisher, read.slice(0, 600))
  await committedThrough(first, 1_000)

  // kafkajs asks for nothing more before what it has fetched is taken.
  gate.shut()
  await publishRequests(publisher, read.slice(600))
  await eventually('a fetch to be held back', () => gate.waiting > 0)
  await publishRequests(publisher, unread)
  const cut = read.length + 1_200
  await deleteRecords(cluster, 'requests', 0, cut)
  gate.open()
  await eventually('the gap to be noticed', () => missed(first) > 0)
  await committedThrough(first, 1_011)
  const from = cut - missed(first)
  expect(from).toBeGreaterThanOrEqual(read.length - 400)
  expect(from).toBeLessThanOrEqual(read.length)
  expect(cluster.lines.filter(({ message }) => message.includes('deleted by retention'))).toMatchObject([
    { level: 'error', fields: { task: 0, topic: 'requests', partition: 0, from, to: cut } },
  ])
  await first.stop()

  const second = await harness.start(cluster, countingStage(), 1)
  await finish(publisher, sum, 1_014)
  expect(await readSums(cluster, 1_014)).toEqual(
    expectedSums([...read, ...unread].filter((_, i) => i < from || i >= cut)),
  )
  expect(missed(second)).toBe(0)
  await stopInTime(cluster, [second, sum])
})

test("a producer's clock a day ahead makes nobody else late: its records are set aside, all others count", async () => {
  const cluster = await harness.cluster(1)
  const sum = await harness.start(cluster, summingStage, 1)
  const count = await harness.start(cluster, countingStage(), 1)
  const publisher = await harness.publisher(cluster, 1)
  const now_ms = Date.now()
  const hop = Math.floor(now_ms / HOP_MS) - 100
  const requests = requestsOf(hop, 1_000)
  const ahead = [1, 2, 3].map((i) => requestAt(`account-${i}`, now_ms + 24 * 3_600_000 + i, `ahead-${i}`))
  await publishRequests(publisher, requests.slice(0, 500))
  await publishRequests(publisher, ahead)
  await publishRequests(publisher, requests.slice(500))
  await finish(publisher, sum, hop + 4)
  await expectSums(cluster, hop + 4, requests)
  await eventually('the letters to be readable', async () => {
    const letters = await readTopic({ ...cluster, topic: 'dead-letters' })
    return letters.filter(({ value }) => value?.reason === 'time_ahead').length === ahead.length
  })
  expect(count.counters().tasks[0]?.dead_letters).toBe(ahead.length)
  await stopInTime(cluster, [count, sum])
})

test('one partition empty so far and one far behind: the others wait for them, and nothing becomes late', async () => {
  const cluster = await harness.cluster(3)
  const sum = await harness.start(cluster, summingStage, 3)
  const count = await harness.start(cluster, countingStage(), 3)
  const publisher = await harness.publisher(cluster, 3)
  const [ahead, behind] = [requestsOf(1_000, 8_000), requestsOf(1_000, 1_200)]
  const requests = [...ofPartitions(ahead, [0]), ...ofPartitions(behind, [1]), ...ofPartitions(ahead, [2])]
  await publishRequests(publisher, ofPartitions(requests, [0]))
  await eventually('the fast one to be held', () => {
    const { tasks } = count.status()
    return tasks.some(({ hop, missing }) => hop !== null && missing.length > 0)
  })
  const hops = count.status().tasks.map(({ hop }) => hop)
  // Three hops beyond those that have closed none, with forty there to be closed.
  expect(hops.filter((hop) => hop !== null && hop > 1_002)).toEqual([])
  await publishRequests(publisher, ofPartitions(requests, [1]))
  await publishRequests(publisher, ofPartitions(requests, [2]))
  await finish(publisher, sum, 1_039)
  await expectSums(cluster, 1_039, requests)
  expect(count.counters().tasks.map(({ dead_letters }) => dead_letters)).toEqual([0, 0, 0])
  await stopInTime(cluster, [count, sum])
})

/** Those that stand in these partitions of three. */
function ofPartitions(requests: readonly Request[], partitions: readonly number[]): Request[] {
  return requests.filter(({ account_id }) => partitions.includes(keyPartition(account_id, 3)))
}

function missed(runtime: StageRuntime): number {
  return runtime.counters().tasks.reduce((total, { records_missed }) => total + records_missed, 0)
}
