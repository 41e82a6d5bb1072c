import { afterEach, expect, test } from 'vitest'
import { openPublisher, type Publisher } from '../../../lib/kafka/publisher.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import { type StageRuntime, startStage } from '../../../lib/kafka/stage-runtime.ts'
import type { Stage } from '../../../lib/stream/stage.ts'
import { type Cluster, eventually, startCluster } from './cluster.ts'
import { countingStage, expectedSums, HOP_MS, type HopSum, requestAt, summingStage } from './toy.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

test('counts exactly, and says the same with 1 partition and with 4', async () => {
  const requests = Array.from({ length: 4_000 }, (_, i) => requestAt(`account-${i % 37}`, 1_000_000 + i * 5, `e${i}`))
  const results = []
  for (const partitions of [1, 4]) {
    const cluster = await startCluster(partitions)
    cleanups.push(() => cluster.stop())
    await start(cluster, countingStage(), partitions)
    const sum = await start(cluster, summingStage, partitions)
    const publisher = await publish(cluster, partitions)
    await publisher.publish(requests.map((value) => ({ topic: 'requests' as const, key: value.account_id, value })))
    await publisher.closeInput(1_000_000 + 4_000 * 5 + 10 * HOP_MS)
    await eventually('the last hop', () => (sum.status().tasks[0]?.hop ?? 0) >= 1_020)
    results.push(await sums(cluster))
  }
  expect(results[0]).toEqual(expectedSums(requests))
  expect(results[1]).toEqual(results[0])
})

async function start(cluster: Cluster, stage: Stage, partitions: number): Promise<StageRuntime> {
  const runtime = await startStage({
    stage,
    kafka: cluster.kafka,
    codec: cluster.codec,
    settings: {
      prefix: cluster.prefix,
      partitions,
      hops: { length_ms: HOP_MS, bound_ms: 500, late_max_ms: 60_000, ahead_hops: 3, silence_ms: 0 },
      fetchWait_ms: 50,
    },
    writers: (topic) => (topic === 'outcomes' ? partitions : 1),
    log: cluster.log,
    now: Date.now,
  })
  cleanups.push(() => runtime.stop())
  return runtime
}

async function publish(cluster: Cluster, partitions: number): Promise<Publisher> {
  const { kafka, codec, prefix } = cluster
  const publisher = await openPublisher({ kafka, codec, prefix, partitions, topics: ['requests', 'accounts'] })
  cleanups.push(() => publisher.close())
  return publisher
}

async function sums(cluster: Cluster): Promise<HopSum[]> {
  const records = await readTopic({ ...cluster, topic: 'model-releases' })
  return records.flatMap(({ value }) => (value ? [JSON.parse(value.model)] : []))
}
