import { type Codec, createCodec } from '../avro/codec.ts'
import { startEmbeddedBroker } from '../embedded/broker.ts'
import { startEmbeddedRegistry } from '../embedded/registry.ts'
import { createKafka, type KafkaClient } from '../kafka/client.ts'
import { openRegistry, type Registry } from '../kafka/schemas.ts'
import { applyTopics } from '../kafka/topics.ts'
import { UsageError } from '../ops/errors.ts'
import type { CliContext } from './command.ts'
import type { Config } from './settings-schema.ts'

/** A broker and a registry to work with, whichever they are. */
export interface Cluster {
  readonly kind: 'embedded' | 'kafka'
  readonly brokers: readonly string[]
  readonly registryUrl: string
  readonly kafka: KafkaClient
  readonly registry: Registry
  readonly codec: Codec
  /** Creates the topics that are missing and registers every schema. */
  prepare(): Promise<{ created: readonly string[]; existing: readonly string[] }>
  /** Stops what was started here; an outside Kafka is left alone. */
  close(): Promise<void>
}

export interface ClusterOptions {
  /** Ports of the embedded broker and registry, when they are started. Default: any that are free. */
  readonly ports?: { readonly broker: number; readonly registry: number }
  /** Whether a registry may be started here beside an outside Kafka: only for a run that owns its topics. */
  readonly embedRegistry?: boolean
}

/**
 * Connects to the configured Kafka, or starts the embedded broker and registry when `kafka.brokers` is empty.
 *
 * @throws UsageError for a Kafka without a registry; PortInUse
 */
export async function openCluster(context: CliContext, config: Config, options: ClusterOptions = {}): Promise<Cluster> {
  const { ports = { broker: 0, registry: 0 }, embedRegistry = false } = options
  const isEmbedded = config.kafka.brokers.length === 0
  if (!isEmbedded && config.kafka.registry_url === '' && !embedRegistry) {
    throw new UsageError(
      'kafka.brokers is set and kafka.registry_url is not: set SCHEMA_REGISTRY_URL to the registry of this cluster.',
    )
  }
  const started: { stop(): Promise<void> }[] = []
  const close = async () => {
    for (const service of started.splice(0).reverse()) await service.stop()
  }
  try {
    let brokers: readonly string[] = config.kafka.brokers
    if (isEmbedded) {
      const broker = await startEmbeddedBroker({ port: ports.broker, log: (line) => context.log.debug(line) })
      started.push(broker)
      brokers = [broker.address]
    }
    let registryUrl = config.kafka.registry_url
    if (registryUrl === '') {
      const registry = await startEmbeddedRegistry({ port: ports.registry, log: (line) => context.log.debug(line) })
      started.push(registry)
      registryUrl = registry.url
    }
    return {
      kind: isEmbedded ? 'embedded' : 'kafka',
      brokers,
      registryUrl,
      close,
      ...connect(context, config, brokers, registryUrl),
    }
  } catch (error) {
    await close()
    throw error
  }
}

function connect(context: CliContext, config: Config, brokers: readonly string[], registryUrl: string) {
  const { client_id: clientId, connect_timeout_ms: connectTimeout_ms, retries_max } = config.kafka
  const { prefix, partitions, replication_factor: replicationFactor } = config.topics
  const kafka = createKafka({
    brokers,
    clientId,
    connectTimeout_ms,
    retries_max,
    log: ({ level, message, fields }) => context.log[level](fields, message),
  })
  const registry = openRegistry({ url: registryUrl, clientId, retries_max, prefix })
  return {
    kafka,
    registry,
    codec: createCodec(registry),
    async prepare() {
      const admin = kafka.admin()
      const applied = await kafka.reach('creating topics', async () => {
        await admin.connect()
        try {
          return await applyTopics(admin, { prefix, partitions, replicationFactor })
        } finally {
          await admin.disconnect()
        }
      })
      await registry.registerAll()
      return applied
    },
  }
}
