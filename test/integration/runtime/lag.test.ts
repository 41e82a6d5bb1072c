import { afterEach, expect, test } from 'vitest'
import { lookAtStage } from '../../../lib/kafka/lag.ts'
import { LagWatch } from '../../../lib/kafka/lag-watch.ts'
import { groupIdOf } from '../../../lib/kafka/stage-group.ts'
import { stageView } from '../../../lib/monitor/stage-view.ts'
import type { Request } from '../../../schemas/types.ts'
import { type Cluster, eventually } from './cluster.ts'
import { barrier, watchCommits } from './faults.ts'
import { committedThrough, finish, Harness, publishRequests, requestsOf } from './harness.ts'
import { stageSettings } from './settings.ts'
import { countingStage, HOP_MS, requestAt, summingStage } from './toy.ts'

const harness = new Harness()
afterEach(() => harness.close())

/** What `hydrawatch lag --watch` would say about the toy. */
async function watchLag(cluster: Cluster, partitions: number) {
  const admin = cluster.kafka.admin()
  await admin.connect()
  harness.onClose(() => admin.disconnect())
  const stages = [countingStage(), summingStage]
  const { hops } = stageSettings(cluster.prefix, partitions, { silence_ms: 200 })
  const watch = new LagWatch({ stages, partitions, hops })
  return {
    admin,
    async look() {
      const looks = []
      for (const stage of stages)
        looks.push(...(await lookAtStage(admin, stage, { prefix: cluster.prefix, partitions })))
      return watch.look(looks, Date.now())
    },
  }
}

test('tells a stage that keeps up from one that was never started, was stopped, or was set back', async () => {
  const cluster = await harness.cluster(2)
  const { admin, look } = await watchLag(cluster, 2)
  const states = async () => (await look()).map(({ stage, state }) => `${stage} ${state}`)
  const publisher = await harness.publisher(cluster, 2)
  await publishRequests(publisher, requestsOf(1_000, 1_000))
  expect(await states()).toEqual(['toy-count stopped', 'toy-count stopped', 'toy-sum ok'])

  const sum = await harness.start(cluster, summingStage, 2)
  const count = await harness.start(cluster, countingStage(), 2)
  await finish(publisher, sum, 1_004)
  // The end of the input closes one hop more than the last one with requests.
  let caughtUp = await look()
  await eventually('everything closed, and ok', async () => {
    caughtUp = await look()
    return caughtUp.every(({ note, isHeld, state }) => note?.hop === 1_005 && isHeld && state === 'ok')
  })
  expect(caughtUp.map(({ eventTimeLag_ms }) => eventTimeLag_ms)).toEqual([0, 0, 0])

  await count.stop()
  await publishRequests(publisher, requestsOf(1_010, 1_000))
  const stopped = await look()
  expect(stopped.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'ok'])
  expect(stopped[2]?.waitsFor).toEqual(
    [0, 1].flatMap((partition) => [0, 1].map((writer) => ({ topic: 'outcomes', partition, writer }))),
  )
  expect(stopped.map(({ blind_ms }) => blind_ms !== null)).toEqual([true, true, false])

  const topic = `${cluster.prefix}requests`
  const groupId = groupIdOf('toy-count', cluster.prefix)
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '0' }] })
  expect((await look()).map(({ state }) => state)).toEqual(['rewound', 'stopped', 'ok'])

  // The offsets of the group serve lag alone: the position in the changelog is what a restart goes by.
  const again = await harness.start(cluster, countingStage(), 2)
  await finish(publisher, sum, 1_014)
  expect(again.counters().processor.requests).toBe(1_000)
})

test('tells a stage that falls behind from one that catches up', async () => {
  const cluster = await harness.cluster(1)
  const { look } = await watchLag(cluster, 1)
  const stateOf = async () => (await look())[0]?.state
  const publisher = await harness.publisher(cluster, 1)
  let published = 0
  const publishHops = async (hops: number): Promise<void> => {
    const requests: Request[] = []
    for (let i = 0; i < hops; i++) requests.push(requestAt('a', (1_000 + published++) * HOP_MS))
    await publishRequests(publisher, requests)
  }
  await publishHops(20)
  let isPouring = true
  // Eight hops share a transaction; twice as many come in meanwhile.
  const kafka = watchCommits(cluster.kafka, async (point) => {
    if (point === 'records' && isPouring) await publishHops(16)
  })
  const count = await harness.start({ ...cluster, kafka }, countingStage(), 1)
  await eventually('lagging', async () => (await stateOf()) === 'lagging')
  // The process itself sees every commit, and comes to the same.
  await eventually('lagging from inside', () => {
    const { lagState } = stageView(count.status(), count.counters(), Date.now(), 1_700).tasks[0] ?? {}
    return lagState === 'lagging'
  })
  isPouring = false
  await publisher.closeInput((1_000 + published + 3) * HOP_MS)
  await eventually('ok', async () => (await stateOf()) === 'ok')
  await committedThrough(count, 1_000 + published)
  await eventually('ok at the end', async () => (await stateOf()) === 'ok')
})

test('tells a stage that is held and gets nothing done', async () => {
  const cluster = await harness.cluster(1)
  const { look } = await watchLag(cluster, 1)
  const publisher = await harness.publisher(cluster, 1)
  const stuck = barrier()
  const kafka = watchCommits(cluster.kafka, () => stuck.passed)
  const count = await harness.start({ ...cluster, kafka }, countingStage(), 1)
  harness.onClose(async () => stuck.open())
  await publishRequests(publisher, requestsOf(1_000, 1_000))
  await eventually('stalled', async () => (await look())[0]?.state === 'stalled')
  expect((await look())[0]).toMatchObject({ isHeld: true, note: null })
  stuck.open()
  await publisher.closeInput(1_010 * HOP_MS)
  await committedThrough(count, 1_004)
  await eventually('ok', async () => (await look())[0]?.state === 'ok')
})
