import { type Codec, createCodec } from '../../../lib/avro/codec.ts'
import { startEmbeddedBroker } from '../../../lib/embedded/broker.ts'
import { startEmbeddedRegistry } from '../../../lib/embedded/registry.ts'
import { createKafka, type KafkaClient } from '../../../lib/kafka/client.ts'
import type { Log, LogLine } from '../../../lib/kafka/log.ts'
import { openRegistry } from '../../../lib/kafka/schemas.ts'
import { applyTopics } from '../../../lib/kafka/topics.ts'

/** Says which broker a run used; HYDRAWATCH_TEST_BROKER names a real one, whose topics get a prefix of their own. */
const EXTERNAL_BROKER = process.env.HYDRAWATCH_TEST_BROKER ?? ''

export interface Cluster {
  readonly kafka: KafkaClient
  readonly codec: Codec
  readonly broker: string
  readonly registryUrl: string
  readonly prefix: string
  readonly isExternal: boolean
  readonly log: Log
  readonly lines: LogLine[]
  /** Compacts now, where the broker can be told to. */
  compactNow(): void
  stop(): Promise<void>
}

/** A broker and a registry with every topic and schema, for one test. */
export async function startCluster(partitions: number): Promise<Cluster> {
  const lines: LogLine[] = []
  const log: Log = (line) => {
    lines.push(line)
    if (process.env.HYDRAWATCH_TEST_LOG) process.stderr.write(`${JSON.stringify(line)}\n`)
  }
  const embedded = EXTERNAL_BROKER
    ? null
    : await startEmbeddedBroker({ sessionTimeout_min_ms: 1_000, compactionInterval_ms: 0 })
  const broker = embedded ? embedded.address : EXTERNAL_BROKER
  const prefix = embedded ? '' : `t${process.pid}-${Math.random().toString(36).slice(2, 8)}.`
  const embeddedRegistry = await startEmbeddedRegistry()
  const kafka = createKafka({ brokers: [broker], clientId: 'test', log })
  const registry = openRegistry({ url: embeddedRegistry.url, clientId: 'test', prefix })
  await registry.registerAll()
  const admin = kafka.admin()
  await admin.connect()
  await applyTopics(admin, { prefix, partitions, replicationFactor: 1 })
  return {
    kafka,
    codec: createCodec(registry),
    broker,
    registryUrl: embeddedRegistry.url,
    prefix,
    isExternal: embedded === null,
    log,
    lines,
    compactNow: () => {
      embedded?.compactNow()
    },
    async stop() {
      if (!embedded) {
        const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
        await admin.deleteTopics({ topics })
      }
      await admin.disconnect()
      await embedded?.stop()
      await embeddedRegistry.stop()
    },
  }
}

/** Waits until a condition holds. Rejects after the deadline, saying what it waited for. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadline_ms = 40_000,
): Promise<void> {
  const started = performance.now()
  while (!(await holds())) {
    if (performance.now() - started > deadline_ms) throw new Error(`still waiting for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
