import { type Codec, createCodec } from '../../../lib/avro/codec.ts'
import { createKafka, type KafkaClient } from '../../../lib/kafka/client.ts'
import type { Log, LogLine } from '../../../lib/kafka/log.ts'
import { openRegistry } from '../../../lib/kafka/schemas.ts'
import { applyTopics } from '../../../lib/kafka/topics.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'

export interface Cluster {
  readonly kafka: KafkaClient
  readonly codec: Codec
  readonly broker: string
  readonly registryUrl: string
  readonly prefix: string
  readonly isExternal: boolean
  readonly log: Log
  readonly lines: LogLine[]
  /** The broker itself, for tests that compact, stop or freeze it. */
  readonly service: TestBroker
  stop(): Promise<void>
}

/** A broker and a registry with every topic and schema, for one test. */
export async function startCluster(partitions: number, broker?: TestBroker): Promise<Cluster> {
  const lines: LogLine[] = []
  const log: Log = (line) => {
    lines.push(line)
    if (process.env.HYDRAWATCH_TEST_LOG) process.stderr.write(`${JSON.stringify(line)}\n`)
  }
  const testBroker = broker ?? (await openBroker())
  const { brokers, registryUrl, kind, nodes } = testBroker
  // A broker that outlives the test keeps its topics apart from everybody else's.
  const prefix = kind === 'embedded' ? '' : `t${process.pid}-${Math.random().toString(36).slice(2, 8)}.`
  const kafka = createKafka({ brokers, clientId: 'test', log })
  const registry = openRegistry({ url: registryUrl, clientId: 'test', prefix })
  await registry.registerAll()
  const admin = kafka.admin()
  await admin.connect()
  // As many replicas as there are brokers of ours: one, or the three of the cluster tests.
  await applyTopics(admin, { prefix, partitions, replicationFactor: nodes?.brokers.length ?? 1 })
  return {
    kafka,
    codec: createCodec(registry),
    broker: brokers.join(','),
    registryUrl,
    prefix,
    isExternal: kind === 'external',
    log,
    lines,
    service: testBroker,
    async stop() {
      if (kind === 'external') {
        const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
        await admin.deleteTopics({ topics })
      }
      await admin.disconnect()
      await testBroker.close()
    },
  }
}

/** Waits until a condition holds. Rejects after the deadline, saying what it waited for. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadline_ms = 90_000,
): Promise<void> {
  const started = performance.now()
  while (!(await holds())) {
    if (performance.now() - started > deadline_ms) throw new Error(`still waiting for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
