import { type Codec, createCodec } from '../avro/codec.ts'
import { startEmbeddedBroker } from '../embedded/broker.ts'
import { startEmbeddedRegistry } from '../embedded/registry.ts'
import { createKafka, type KafkaClient } from '../kafka/client.ts'
import { type ConnectionSecurity, connectionSecurity, PLAINTEXT } from '../kafka/connection-security.ts'
import { registryAccess } from '../kafka/registry-access.ts'
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
  /** How the brokers are reached, and as whom. */
  readonly security: ConnectionSecurity
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
  /** Whether to go on without a registry beside an outside Kafka: only for looking at the rest. */
  readonly mayLackRegistry?: boolean
}

/**
 * Connects to the configured Kafka, or starts the embedded broker and registry when `kafka.brokers` is empty.
 *
 * @throws UsageError for a Kafka without a registry, or TLS or SASL without a Kafka; ConfigError; PortInUse
 */
export async function openCluster(context: CliContext, config: Config, options: ClusterOptions = {}): Promise<Cluster> {
  const { ports = { broker: 0, registry: 0 }, embedRegistry = false, mayLackRegistry = false } = options
  const isEmbedded = config.kafka.brokers.length === 0
  if (!isEmbedded && !embedRegistry && !mayLackRegistry) requireRegistry(config)
  if (isEmbedded) refuseSecurity(config)
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
    if (registryUrl === '' && !mayLackRegistry) {
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

/** @throws UsageError for a Kafka without a registry */
export function requireRegistry({ kafka }: Config): void {
  if (kafka.registry_url !== '') return
  throw new UsageError(
    'kafka.brokers is set and kafka.registry_url is not: set SCHEMA_REGISTRY_URL to the registry of this cluster.',
  )
}

/**
 * The embedded broker has neither TLS nor SASL. Somebody who asks for them means another broker.
 *
 * @throws UsageError
 */
export function refuseSecurity({ kafka }: Config): void {
  const asked = kafka.tls.enabled
    ? 'kafka.tls.enabled'
    : kafka.sasl.mechanism === 'none'
      ? null
      : 'kafka.sasl.mechanism'
  if (asked === null || kafka.brokers.length > 0) return
  throw new UsageError(
    `${asked} is set and kafka.brokers is not: the embedded broker has neither TLS nor SASL. Set KAFKA_BROKERS to your Kafka, or leave ${asked} out.`,
  )
}

function connect(context: CliContext, config: Config, brokers: readonly string[], registryUrl: string) {
  const { client_id: clientId, connect_timeout_ms: connectTimeout_ms, retries_max } = config.kafka
  const { prefix, partitions, replication_factor: replicationFactor } = config.topics
  const security = config.kafka.brokers.length === 0 ? PLAINTEXT : connectionSecurity(config.kafka, Date.now)
  const kafka = createKafka({
    brokers,
    security,
    clientId,
    connectTimeout_ms,
    retries_max,
    log: ({ level, message, fields }) => context.log[level](fields, message),
  })
  const registry = openRegistry({
    url: registryUrl,
    clientId,
    retries_max,
    prefix,
    access: registryAccess(config.kafka),
  })
  return {
    security,
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
