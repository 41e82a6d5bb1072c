import type { TestContext } from 'vitest'
import { createKafka, type KafkaClient } from '../../../lib/kafka/client.ts'
import { type BrokerControl, openBrokerControl } from '../../../scripts/real-kafka/broker-control.mjs'
import { type Cluster, eventually } from '../runtime/cluster.ts'
import type { Harness } from '../runtime/harness.ts'

/** A broker is given up 6 s after its death, and starts again in 5 to 30 s. */
export const OUTAGE_DEADLINE_MS = 90_000

export interface ThreeBrokers {
  readonly cluster: Cluster
  readonly nodes: BrokerControl
  /** A client for whoever writes the input: it waits longer for a new leader than a test cares to. */
  readonly patient: KafkaClient
}

/** Three real brokers with topics of three replicas. Skips the test where there are none that it may kill. */
export async function threeBrokers(context: TestContext, harness: Harness, partitions: number): Promise<ThreeBrokers> {
  const nodes = openBrokerControl()
  if (nodes?.brokers.length !== 3) {
    return context.skip('needs three real brokers: node scripts/real-kafka/start.mjs --brokers 3 --exec …')
  }
  const cluster = await harness.cluster(partitions)
  // Before the topics are deleted.
  harness.onClose(() => nodes.restore())
  const patient = createKafka({
    brokers: cluster.broker.split(','),
    clientId: 'traffic',
    retries_max: 12,
    log: cluster.log,
  })
  return { cluster, nodes, patient }
}

/** The leader of every partition of a topic. */
export async function leadersOf({ kafka, prefix }: Cluster, topic: string): Promise<number[]> {
  const partitions = await describe(kafka, (name) => name === prefix + topic)
  return partitions.map(({ leader }) => leader)
}

/** Waits until every replica of every topic of the test has caught up, so that the next broker may go. */
export async function allInSync({ kafka, prefix }: Cluster): Promise<void> {
  await eventually(
    'three replicas in sync of every partition',
    async () => (await describe(kafka, (name) => name.startsWith(prefix))).every(({ isr }) => isr.length === 3),
    OUTAGE_DEADLINE_MS,
  )
}

/** Partitions of the topics that are meant, by number. */
async function describe(kafka: KafkaClient, isMeant: (topic: string) => boolean) {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const { topics } = await admin.fetchTopicMetadata()
    return topics
      .filter(({ name }) => isMeant(name))
      .flatMap(({ partitions }) => partitions)
      .sort((a, b) => a.partitionId - b.partitionId)
  } finally {
    await admin.disconnect()
  }
}
