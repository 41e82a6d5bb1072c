import { afterEach, expect, test } from 'vitest'
import { startTraffic } from '../acceptance/traffic.ts'
import { committedThrough, expectSums, finish, Harness } from '../runtime/harness.ts'
import { countingStage, summingStage } from '../runtime/toy.ts'
import { allInSync, leadersOf, OUTAGE_DEADLINE_MS, threeBrokers } from './three-brokers.ts'

const PARTITIONS = 6
const DEADLINE_MS = 300_000

const harness = new Harness()
afterEach(() => harness.close(), DEADLINE_MS)

test(
  'nothing is lost and nothing counted twice when a broker is killed and comes back while stages run',
  async (context) => {
    const { cluster, nodes, patient } = await threeBrokers(context, harness, PARTITIONS)
    const sum = await harness.start(cluster, summingStage, PARTITIONS)
    await harness.start(cluster, countingStage(), PARTITIONS)
    await harness.start(cluster, countingStage(), PARTITIONS)
    const publisher = await harness.publisher({ ...cluster, kafka: patient }, PARTITIONS)
    const traffic = startTraffic(publisher, 1_000)
    await committedThrough(sum, 1_004, OUTAGE_DEADLINE_MS)

    const [killed = 0] = await leadersOf(cluster, 'requests')
    await nodes.kill(killed)
    await committedThrough(sum, traffic.lastHop() + 8, OUTAGE_DEADLINE_MS)
    expect(await leadersOf(cluster, 'requests')).not.toContain(killed)
    await nodes.start(killed)
    await committedThrough(sum, traffic.lastHop() + 8, OUTAGE_DEADLINE_MS)

    const { requests, lastHop } = await traffic.end()
    await finish(publisher, sum, lastHop)
    await expectSums(cluster, lastHop, requests)
  },
  DEADLINE_MS,
)

test(
  'nothing is lost and nothing counted twice when leaders move, one broker after the other',
  async (context) => {
    const { cluster, nodes, patient } = await threeBrokers(context, harness, PARTITIONS)
    const sum = await harness.start(cluster, summingStage, PARTITIONS)
    await harness.start(cluster, countingStage(), PARTITIONS)
    const publisher = await harness.publisher({ ...cluster, kafka: patient }, PARTITIONS)
    const traffic = startTraffic(publisher, 1_000)
    await committedThrough(sum, 1_004, OUTAGE_DEADLINE_MS)

    const seen = new Set<string>()
    for (const { id } of nodes.brokers) {
      seen.add(String(await leadersOf(cluster, 'requests')))
      await nodes.restart(id)
      await allInSync(cluster)
      await committedThrough(sum, traffic.lastHop() + 2, OUTAGE_DEADLINE_MS)
    }
    expect(seen.size).toBeGreaterThan(1)

    const { requests, lastHop } = await traffic.end()
    await finish(publisher, sum, lastHop)
    await expectSums(cluster, lastHop, requests)
  },
  DEADLINE_MS,
)
