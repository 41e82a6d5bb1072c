import { afterEach, expect, test } from 'vitest'
import type { Codec } from '../../../lib/avro/codec.ts'
import type { Request } from '../../../schemas/types.ts'
import { eventually } from '../runtime/cluster.ts'
import type { Fault } from '../runtime/fault.ts'
import { watchCommits } from '../runtime/faults.ts'
import { TestGate } from '../runtime/gate.ts'
import {
  committedThrough,
  expectSums,
  finish,
  Harness,
  publishRequests,
  sharedTasks,
  stopInTime,
} from '../runtime/harness.ts'
import { metFault } from '../runtime/member-process.ts'
import { countingStage, HOP_MS, requestAt, summingStage } from '../runtime/toy.ts'
import { startTraffic } from './traffic.ts'

const PARTITIONS = 4
const SESSION_TIMEOUT_MS = 3_000
const harness = new Harness()
afterEach(() => harness.close())

test.each<[string, Fault]>([
  ['paused past its session with a transaction open, and resumed', { point: 'records', occurrence: 2, does: 'stop' }],
  ['blocked past its session before a commit, and resumed', { point: 'begin', occurrence: 2, does: 'block' }],
])('a member %s commits nothing of what others took over, and comes back', async (_what, fault) => {
  const cluster = await harness.cluster(PARTITIONS)
  const sum = await harness.start(cluster, summingStage, PARTITIONS)
  const options = { sessionTimeout_ms: SESSION_TIMEOUT_MS }
  const survivor = await harness.start(cluster, countingStage(), PARTITIONS, options)
  const member = harness.member(cluster, PARTITIONS, { ...options, fault })
  const publisher = await harness.publisher(cluster, PARTITIONS)
  await sharedTasks([survivor], PARTITIONS / 2)
  const traffic = startTraffic(publisher, 1_000)
  await metFault(member)
  await sharedTasks([survivor], PARTITIONS)
  await committedThrough(survivor, traffic.lastHop() + 1)
  member.resume()
  await sharedTasks([survivor], PARTITIONS / 2)
  const before = member.hops().length
  await eventually('the member to commit hops again', () => member.hops().length > before)
  const { requests, lastHop } = await traffic.end()
  await finish(publisher, sum, lastHop)
  await expectSums(cluster, lastHop, requests)
  expect(await member.stop()).toBe(0)
  await stopInTime(cluster, [survivor, sum])
})

test('a rebalance in the middle of a commit: the new owner goes on from what was committed, the old one is refused', async () => {
  const cluster = await harness.cluster(PARTITIONS)
  const gate = new TestGate()
  const sum = await harness.start(cluster, summingStage, PARTITIONS)
  const kafka = watchCommits(cluster.kafka, (point) => (point === 'records' ? gate.pass() : undefined))
  const first = await harness.start(cluster, countingStage(), PARTITIONS, { kafka })
  const publisher = await harness.publisher(cluster, PARTITIONS)
  const traffic = startTraffic(publisher, 1_000)
  await committedThrough(first, 1_002)
  gate.shut()
  await eventually('a transaction of every task to be open', () => gate.waiting === PARTITIONS)
  const second = await harness.start(cluster, countingStage(), PARTITIONS)
  await sharedTasks([second], PARTITIONS / 2)
  gate.open()
  await sharedTasks([first], PARTITIONS / 2)
  const { requests, lastHop } = await traffic.end()
  await finish(publisher, sum, lastHop)
  await expectSums(cluster, lastHop, requests)
  // What the first one kept was committed late, and not done again.
  expect(first.counters().tasks.map(({ restores }) => restores)).toEqual([1, 1])
  await stopInTime(cluster, [first, second, sum])
})

test('a rebalance in the middle of a restore: each task is restored whole, where it ends up', async () => {
  const { cluster, requests, nextHop } = await withLargeState(2)
  const gate = new TestGate()
  const sum = await harness.start(cluster, summingStage, 2)
  let batches = 0
  const codec: Codec = {
    ...cluster.codec,
    isPrepared: () => false,
    async prepareRecords(values) {
      await cluster.codec.prepareRecords(values)
      batches += 1
      if (batches === 2) gate.shut()
      await gate.pass()
    },
  }
  const first = await harness.start(cluster, countingStage(), 2, { codec, sessionTimeout_ms: 20_000 })
  await eventually('a restore to be under way', () => gate.waiting > 0)
  expect(first.status().tasks.some(({ restore }) => restore !== null && restore.remaining > 0)).toBe(true)
  const joining = harness.start(cluster, countingStage(), 2)
  await harness.isRebalancing(cluster)
  gate.open()
  const second = await joining
  await sharedTasks([first, second], 1)
  const publisher = await harness.publisher(cluster, 2)
  const more = manyAccounts(nextHop, 1)
  await publishRequests(publisher, more)
  await finish(publisher, sum, nextHop)
  await expectSums(cluster, nextHop, [...requests, ...more])
  await stopInTime(cluster, [first, second, sum])
})

test('a member killed while it restores leaves nothing behind that the next one could trip over', async () => {
  const { cluster, requests, nextHop } = await withLargeState(1)
  const sum = await harness.start(cluster, summingStage, 1)
  const fault: Fault = { point: 'restore', does: 'kill' }
  const member = harness.member(cluster, 1, { sessionTimeout_ms: SESSION_TIMEOUT_MS, fault })
  expect(await member.exited).toBe('SIGKILL')
  expect(member.lines.some(({ kind }) => kind === 'fault')).toBe(true)
  const next = await harness.start(cluster, countingStage(), 1)
  const publisher = await harness.publisher(cluster, 1)
  const more = manyAccounts(nextHop, 1)
  await publishRequests(publisher, more)
  await finish(publisher, sum, nextHop)
  await expectSums(cluster, nextHop, [...requests, ...more])
  expect(next.counters().tasks).toMatchObject([{ restores: 1 }])
  await stopInTime(cluster, [next, sum])
})

test('counts stay exact while members grow from one to four and shrink to two under load', async () => {
  const cluster = await harness.cluster(PARTITIONS)
  const sum = await harness.start(cluster, summingStage, PARTITIONS)
  const publisher = await harness.publisher(cluster, PARTITIONS)
  const members = [await harness.start(cluster, countingStage(), PARTITIONS)]
  const traffic = startTraffic(publisher, 1_000)
  for (let count = 2; count <= 4; count++) members.push(await harness.start(cluster, countingStage(), PARTITIONS))
  await sharedTasks(members, 1)
  await stopInTime(cluster, members.splice(1, 2))
  await sharedTasks(members, 2)
  const { requests, lastHop } = await traffic.end()
  await finish(publisher, sum, lastHop)
  await expectSums(cluster, lastHop, requests)
  await stopInTime(cluster, [...members, sum])
})

/** A group whose changelogs take several fetches to read, and that nobody is in. */
async function withLargeState(partitions: number) {
  const cluster = await harness.cluster(partitions)
  const lastHop = 1_009
  const requests = manyAccounts(1_000, lastHop - 999)
  const publisher = await harness.publisher(cluster, partitions)
  const builder = await harness.start(cluster, countingStage(), partitions)
  await publishRequests(publisher, requests)
  await publisher.closeInput((lastHop + 3) * HOP_MS)
  await committedThrough(builder, lastHop)
  await builder.stop()
  // The marker has closed the two hops behind the last as well.
  return { cluster, requests, nextHop: lastHop + 3 }
}

/** Requests of 3,000 accounts a hop, none of them seen before; their names make the state of one hop some 600 kB. */
function manyAccounts(firstHop: number, hops: number): Request[] {
  const perHop = 3_000
  return Array.from({ length: hops * perHop }, (_, i) => {
    const end_time_ms = firstHop * HOP_MS + Math.floor((i * HOP_MS) / perHop)
    return requestAt(`account-${firstHop}-${i}-${'x'.repeat(100)}`, end_time_ms, `${firstHop}-${i}`)
  })
}
