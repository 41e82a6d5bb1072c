import { afterEach, expect, test } from 'vitest'
import type { KafkaClient } from '../../../lib/kafka/client.ts'
import { groupIdOf } from '../../../lib/kafka/stage-group.ts'
import { TaskProducer } from '../../../lib/kafka/task-producer.ts'
import { eventually } from './cluster.ts'
import { committedThrough, expectSums, finish, Harness, publishRequests, requestsOf } from './harness.ts'
import { countingStage, summingStage } from './toy.ts'

const PARTITIONS = 4
const harness = new Harness()
afterEach(() => harness.close())

test('keeps counts exact when a member is killed and its tasks are restored elsewhere', async () => {
  const cluster = await harness.cluster(PARTITIONS)
  const sum = await harness.start(cluster, summingStage, PARTITIONS)
  const survivor = await harness.start(cluster, countingStage(), PARTITIONS)
  const member = harness.member(cluster, PARTITIONS)
  await eventually('two tasks left to the survivor', () => survivor.status().tasks.length === 2)
  const publisher = await harness.publisher(cluster, PARTITIONS)
  const [before, after] = [requestsOf(1_000, 2_000), requestsOf(1_010, 2_000)]
  await publishRequests(publisher, before)
  await eventually('hops of both tasks of the member', () => new Set(member.hops().map(({ task }) => task)).size === 2)
  member.signal('SIGKILL')
  await publishRequests(publisher, after)
  await finish(publisher, sum, 1_019)
  await expectSums(cluster, 1_019, [...before, ...after])

  const taken = new Set(member.hops().map(({ task }) => task))
  const { tasks } = survivor.counters()
  expect(tasks.map(({ task }) => task)).toEqual([0, 1, 2, 3])
  expect(tasks.map(({ restores }) => restores)).toEqual([1, 1, 1, 1])
  for (const { task, restored_records } of tasks) expect(restored_records > 0).toBe(taken.has(task))
  const told = cluster.lines.filter(
    ({ message, fields }) => message === 'task restored' && fields?.stage === 'toy-count',
  )
  const withAccounts = told
    .filter(({ fields }) => Number(fields?.accounts) > 0)
    .map(({ fields }) => Number(fields?.task))
  expect(new Set(withAccounts)).toEqual(taken)
})

test('does not restore the tasks again that a member keeps when another joins', async () => {
  const cluster = await harness.cluster(PARTITIONS)
  const sum = await harness.start(cluster, summingStage, PARTITIONS)
  const first = await harness.start(cluster, countingStage(), PARTITIONS)
  const publisher = await harness.publisher(cluster, PARTITIONS)
  const [before, after] = [requestsOf(1_000, 2_000), requestsOf(1_010, 2_000)]
  await publishRequests(publisher, before)
  await committedThrough(first, 1_005)
  const second = await harness.start(cluster, countingStage(), PARTITIONS)
  await eventually('two tasks each', () =>
    [first, second].every((runtime) => {
      const { tasks } = runtime.status()
      return tasks.length === 2 && tasks.every(({ state }) => state === 'running')
    }),
  )
  await publishRequests(publisher, after)
  await finish(publisher, sum, 1_019)
  await expectSums(cluster, 1_019, [...before, ...after])
  expect(first.counters().tasks.map(({ restores, restored_records }) => [restores, restored_records])).toEqual([
    [1, 0],
    [1, 0],
  ])
  for (const { restores, restored_records } of second.counters().tasks) {
    expect(restores).toBe(1)
    expect(restored_records).toBeGreaterThan(0)
  }
  const owned = [first, second].flatMap((runtime) => runtime.status().tasks.map(({ task }) => task))
  expect(owned.sort()).toEqual([0, 1, 2, 3])
})

test('restores a task whose producer was fenced off while the group still gives it to us', async () => {
  const cluster = await harness.cluster(1)
  const sum = await harness.start(cluster, summingStage, 1)
  const count = await harness.start(cluster, countingStage(), 1)
  const publisher = await harness.publisher(cluster, 1)
  const [before, after] = [requestsOf(1_000, 1_000), requestsOf(1_005, 1_000)]
  await publishRequests(publisher, before)
  await committedThrough(count, 1_002)
  const zombie = await TaskProducer.open(cluster.kafka, groupIdOf('toy-count', cluster.prefix), 0)
  harness.onClose(() => zombie.close())
  await publishRequests(publisher, after)
  await finish(publisher, sum, 1_009)
  await expectSums(cluster, 1_009, [...before, ...after])
  expect(count.counters().tasks).toMatchObject([{ transactions_failed: 1, restores: 2 }])
})

test('keeps counts exact when commits fail, whether or not the broker had carried them out', async () => {
  const cluster = await harness.cluster(2)
  const failures = { before: 0, after: 0 }
  const sum = await harness.start(cluster, summingStage, 2)
  const count = await harness.start({ ...cluster, kafka: failingCommits(cluster.kafka, failures) }, countingStage(), 2)
  const publisher = await harness.publisher(cluster, 2)
  const requests = requestsOf(1_000, 6_000)
  await publishRequests(publisher, requests)
  await finish(publisher, sum, 1_029)
  await expectSums(cluster, 1_029, requests)
  expect(failures.before).toBeGreaterThan(0)
  expect(failures.after).toBeGreaterThan(0)
  const { tasks } = count.counters()
  expect(tasks.reduce((total, { transactions_failed }) => total + transactions_failed, 0)).toBe(
    failures.before + failures.after,
  )
})

/** The client, except that of every eight commits one fails before it reaches the broker and one after it was carried out. */
function failingCommits(kafka: KafkaClient, failures: { before: number; after: number }): KafkaClient {
  let commits = 0
  const lost = () => Object.assign(new Error('connection lost'), { name: 'KafkaJSConnectionError' })
  return {
    ...kafka,
    transactionalProducer(transactionalId, timeout_ms) {
      const producer = kafka.transactionalProducer(transactionalId, timeout_ms)
      const transaction = async () => {
        const real = await producer.transaction()
        const commit = async () => {
          commits += 1
          if (commits % 8 === 3) {
            failures.before += 1
            throw lost()
          }
          await real.commit()
          if (commits % 8 !== 6) return
          failures.after += 1
          throw lost()
        }
        return { ...real, commit }
      }
      return { ...producer, transaction }
    },
  }
}
