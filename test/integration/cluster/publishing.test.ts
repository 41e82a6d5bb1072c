import { afterEach, expect, test } from 'vitest'
import { readTopic } from '../../../lib/kafka/reader.ts'
import { startTraffic } from '../acceptance/traffic.ts'
import { eventually } from '../runtime/cluster.ts'
import { Harness } from '../runtime/harness.ts'
import { leadersOf, OUTAGE_DEADLINE_MS, threeBrokers } from './three-brokers.ts'

const PARTITIONS = 6
const DEADLINE_MS = 300_000

const harness = new Harness()
afterEach(() => harness.close(), DEADLINE_MS)

test(
  'what is published while a broker is killed is there once, each account in order',
  async (context) => {
    const { cluster, nodes, patient } = await threeBrokers(context, harness, PARTITIONS)
    const publisher = await harness.publisher({ ...cluster, kafka: patient }, PARTITIONS)
    const traffic = startTraffic(publisher, 1_000, { pace_ms: 20 })
    const isWrittenThrough = (hop: number) =>
      eventually(`hop ${hop} written`, () => traffic.lastHop() >= hop, OUTAGE_DEADLINE_MS)
    await isWrittenThrough(1_020)
    for (let round = 0; round < 2; round++) {
      const [killed = 0] = await leadersOf(cluster, 'requests')
      await nodes.kill(killed)
      await isWrittenThrough(traffic.lastHop() + 20)
      await nodes.start(killed)
      await isWrittenThrough(traffic.lastHop() + 20)
    }
    const { requests } = await traffic.end()

    const written = (await readTopic({ ...cluster, topic: 'requests' })).flatMap(({ value }) => value ?? [])
    expect(written).toHaveLength(requests.length)
    expect(idsByAccount(written)).toEqual(idsByAccount(requests))
  },
  DEADLINE_MS,
)

function idsByAccount(requests: readonly { account_id: string; event_id: string }[]): Map<string, string[]> {
  const ids = new Map<string, string[]>()
  for (const { account_id, event_id } of requests) ids.set(account_id, [...(ids.get(account_id) ?? []), event_id])
  return ids
}
