import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import kafkajs from 'kafkajs'
import { type Codec, createCodec } from '../../lib/avro/codec.ts'
import { createKafka, type KafkaClient } from '../../lib/kafka/client.ts'
import { openRegistry } from '../../lib/kafka/schemas.ts'
import { applyTopics, topicConfig } from '../../lib/kafka/topics.ts'
import { packageRoot } from '../../lib/ops/package-info.ts'
import { TOPICS } from '../../schemas/topics.ts'

/** Where another process finds it. */
export interface ClusterAddresses {
  readonly broker: string
  readonly registry: string
}

/** A broker and a registry in a process of their own, so that this process is the client alone. */
export interface BenchCluster {
  readonly addresses: ClusterAddresses
  readonly kafka: KafkaClient
  readonly codec: Codec
  readonly prefix: string
  readonly partitions: number
  stop(): Promise<void>
}

/**
 * Starts the embedded broker and registry as a child, and creates every topic. With KAFKA_BROKERS and SCHEMA_REGISTRY_URL it
 * is that Kafka, fresh.
 */
export async function startBenchCluster(partitions: number): Promise<BenchCluster> {
  const { KAFKA_BROKERS: broker, SCHEMA_REGISTRY_URL: registry } = process.env
  if (broker && registry) {
    const cluster = await prepare({ broker, registry }, partitions)
    return { ...cluster, stop: async () => undefined }
  }
  const command = [join(packageRoot(), 'bin/hydrawatch.js'), 'broker', '--port', '0', '--registry-port', '0', '--json']
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  try {
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the broker process ended with ${code} before it listened`)
    })
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
    const { brokers, registry: url }: { brokers: string; registry: string } = JSON.parse(line)
    ended.catch(() => undefined)
    return { ...(await prepare({ broker: brokers, registry: url }, partitions)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Lets the topics that expire keep so many bytes a partition and no more: the embedded broker refuses records when its memory
 * is full, which an hour of full traffic fills.
 */
export async function keepAtMost({ kafka, prefix }: BenchCluster, bytes_max: number): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  const resources = Object.entries(TOPICS).flatMap(([name, definition]) => {
    if (definition.cleanup !== 'delete') return []
    const config = { ...topicConfig(definition, 1), 'retention.bytes': String(bytes_max) }
    const configEntries = Object.entries(config).map(([entry, value]) => ({ name: entry, value }))
    return [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: prefix + name, configEntries }]
  })
  await admin.alterConfigs({ validateOnly: false, resources })
  await admin.disconnect()
}

async function prepare(addresses: ClusterAddresses, partitions: number): Promise<Omit<BenchCluster, 'stop'>> {
  const { kafka, registry, codec, prefix } = connectBench(addresses)
  const admin = kafka.admin()
  await admin.connect()
  await applyTopics(admin, { prefix, partitions, replicationFactor: 1 })
  await admin.disconnect()
  await registry.registerAll()
  return { addresses, kafka, codec, prefix, partitions }
}

/** A client of a cluster that another process has started. */
export function connectBench({ broker, registry: url }: ClusterAddresses) {
  const prefix = ''
  const kafka = createKafka({ brokers: broker.split(','), clientId: 'bench', log: () => undefined })
  const registry = openRegistry({ url, clientId: 'bench', prefix })
  return { kafka, registry, codec: createCodec(registry), prefix }
}
