import { afterEach, expect, test } from 'vitest'
import { readTopic } from '../../../lib/kafka/reader.ts'
import { groupIdOf } from '../../../lib/kafka/stage-group.ts'
import { TaskProducer } from '../../../lib/kafka/task-producer.ts'
import { POSITION_KEY } from '../../../lib/kafka/task-records.ts'
import type { ChangelogEntry } from '../../../lib/stream/processor.ts'
import { type Cluster, eventually } from './cluster.ts'
import { watchCommits } from './faults.ts'
import { committedThrough, expectSums, finish, Harness, publishRequests, requestsOf, sharedTasks } from './harness.ts'
import { countingStage, summingStage } from './toy.ts'
import { type ProcessorLife, watchedStage } from './watched-stage.ts'

const harness = new Harness()
afterEach(() => harness.close())

test('a task takes its own writes back once and in their order, and none of those that it makes afterwards', async () => {
  const cluster = await harness.cluster(2)
  const sum = await harness.start(cluster, summingStage, 2)
  const lives: ProcessorLife[] = []
  const first = await harness.start(cluster, watchedStage(countingStage(), lives), 2)
  const publisher = await harness.publisher(cluster, 2)
  const [before, during, after] = [requestsOf(1_000, 1_000), requestsOf(1_005, 1_000), requestsOf(1_010, 1_000)]
  await publishRequests(publisher, before)
  await committedThrough(first, 1_003)
  // Two more joins: what a partition was paused for is not forgotten by either.
  const second = await harness.start(cluster, countingStage(), 2)
  await sharedTasks([first, second], 1)
  await publishRequests(publisher, during)
  await committedThrough(first, 1_008)
  await committedThrough(second, 1_008)
  const changelogs = await changelogsThrough(cluster, 1_008)
  const given = second.status().tasks[0]!.task
  await second.stop()
  await sharedTasks([first], 2)

  // The task that was kept has written through hop 1,008 in one life; now it must begin another in the same process.
  const kept = 1 - given
  const zombie = await TaskProducer.open(cluster.kafka, groupIdOf('toy-count', cluster.prefix), kept)
  harness.onClose(() => zombie.close())
  await publishRequests(publisher, after)
  await finish(publisher, sum, 1_014)
  await expectSums(cluster, 1_014, [...before, ...during, ...after])
  for (const task of [given, kept]) {
    const [begun, again, ...more] = lives.filter((life) => life.task === task)
    expect(begun?.restored).toEqual([])
    expect(changelogs[task]!.length).toBeGreaterThan(0)
    expect(again?.restored).toEqual(changelogs[task])
    expect(more).toEqual([])
  }
  expect(lives.flatMap(({ echoed }) => echoed)).toEqual([])
})

test('a write whose answer was lost comes back from the changelog, and its hop is not processed a second time', async () => {
  const cluster = await harness.cluster(1)
  const sum = await harness.start(cluster, summingStage, 1)
  const lives: ProcessorLife[] = []
  let commits = 0
  const kafka = watchCommits(cluster.kafka, (point) => {
    if (point !== 'committed') return
    commits += 1
    if (commits === 2) throw Object.assign(new Error('connection lost'), { name: 'KafkaJSConnectionError' })
  })
  const count = await harness.start(cluster, watchedStage(countingStage(), lives), 1, { kafka })
  const publisher = await harness.publisher(cluster, 1)
  const requests = requestsOf(1_000, 2_000)
  await publishRequests(publisher, requests)
  await finish(publisher, sum, 1_009)
  await expectSums(cluster, 1_009, requests)
  expect(count.counters().tasks).toMatchObject([{ restores: 2, transactions_failed: 1 }])

  const [lost, found, ...more] = lives
  expect(more).toEqual([])
  const hops = [...lost!.hops, ...found!.hops]
  expect(hops).toEqual([...new Set(hops)])
  const entries = (await changelogsThrough(cluster, 1_009))[0]!
  expect(found!.restored.length).toBeGreaterThan(0)
  expect(found!.restored).toEqual(entries.slice(0, found!.restored.length))
  expect(lives.flatMap(({ echoed }) => echoed)).toEqual([])
})

/** Entries of each task's changelog, once readers see all that was committed through a hop. */
async function changelogsThrough(cluster: Cluster, hop: number): Promise<ChangelogEntry[][]> {
  const partitions = new Map<number, { entries: ChangelogEntry[]; hop: number }>()
  await eventually(`changelogs through hop ${hop}`, async () => {
    partitions.clear()
    for (const { partition, key, value } of await readTopic({ ...cluster, topic: 'fingerprints.state' })) {
      const task = partitions.get(partition) ?? { entries: [], hop: Number.NEGATIVE_INFINITY }
      partitions.set(partition, task)
      if (key === POSITION_KEY) task.hop = value?.position?.hop ?? task.hop
      else task.entries.push({ key: key ?? '', value })
    }
    return partitions.size > 0 && [...partitions.values()].every((task) => task.hop >= hop)
  })
  return [...partitions].sort(([a], [b]) => a - b).map(([, { entries }]) => entries)
}
