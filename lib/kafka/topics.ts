import type { Admin, ITopicConfig } from 'kafkajs'
import { TOPIC_NAMES, type TopicDefinition, type TopicName, topicDefinition } from '../../schemas/topics.ts'
import { partitionCount } from '../stream/topology.ts'
import type { KafkaClient } from './client.ts'
import { PartitionCountMismatch, TopicMissing } from './errors.ts'
import { protocolErrorOf } from './protocol-error.ts'
import { refusalOf } from './refusals.ts'
import { whileLeadersMove } from './topic-ends.ts'

export interface TopicLayout {
  /** Put before every topic name, so that several deployments share a cluster. */
  readonly prefix: string
  /** Partitions of the topics that have many. */
  readonly partitions: number
}

export interface AppliedTopics {
  /** Names on the broker. */
  readonly created: readonly string[]
  readonly existing: readonly string[]
}

const HOUR_MS = 3_600_000
const CREATE_TIMEOUT_MS = 30_000
// A campaign of 20,000 members with UUIDs for ids is one record of about 3 MB; everything else stays far below a broker's 1 MB.
const COMPACT_RECORD_BYTES_MAX = 8 << 20

/**
 * Creates the topics that are missing, with the configuration of their definition, and leaves the others alone.
 * Rejects with PartitionCountMismatch, before creating anything, when one exists with another number of partitions.
 */
export async function applyTopics(
  admin: Admin,
  layout: TopicLayout & { readonly replicationFactor: number },
): Promise<AppliedTopics> {
  const counts = await partitionCounts(admin, layout, TOPIC_NAMES)
  refuseMismatches(counts, layout)
  const missing = TOPIC_NAMES.filter((topic) => !counts.has(topic))
  const topics = missing.map((topic): ITopicConfig => {
    const definition = topicDefinition(topic)
    return {
      topic: layout.prefix + topic,
      numPartitions: partitionCount(topic, layout.partitions),
      replicationFactor: layout.replicationFactor,
      configEntries: Object.entries(topicConfig(definition, layout.replicationFactor)).map(([name, value]) => ({
        name,
        value,
      })),
    }
  })
  if (topics.length > 0) {
    // kafkajs's own wait fails when the broker that it asks has not heard of the topics yet.
    await admin.createTopics({ topics, waitForLeaders: false, timeout: CREATE_TIMEOUT_MS })
    await whileLeadersMove(() => admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) }))
  }
  return {
    created: missing.map((topic) => layout.prefix + topic),
    existing: [...counts.keys()].map((topic) => layout.prefix + topic),
  }
}

/**
 * Makes sure that topics exist and can be read together. Rejects with TopicMissing or PartitionCountMismatch.
 */
export async function checkTopics(
  admin: Admin,
  layout: TopicLayout,
  topics: readonly TopicName[] = TOPIC_NAMES,
): Promise<void> {
  const counts = await partitionCounts(admin, layout, topics)
  const missing = topics.filter((topic) => !counts.has(topic))
  if (missing.length > 0) throw new TopicMissing(missing.map((topic) => layout.prefix + topic))
  refuseMismatches(counts, layout)
}

/** Deletes every topic of a deployment: for runs that own their topics, such as the demo's. */
export async function deleteTopics(kafka: KafkaClient, prefix: string): Promise<void> {
  const admin = kafka.admin()
  await kafka.reach('deleting topics', async () => {
    await admin.connect()
    try {
      await admin.deleteTopics({ topics: TOPIC_NAMES.map((topic) => prefix + topic) })
    } finally {
      await admin.disconnect()
    }
  })
}

/** Configuration of a topic on the broker (Apache Kafka, "Topic Configs"). */
export function topicConfig(definition: TopicDefinition, replicationFactor: number): Record<string, string> {
  const config: Record<string, string> = { 'cleanup.policy': definition.cleanup }
  if (definition.timestamps === 'broker') config['message.timestamp.type'] = 'LogAppendTime'
  // One copy may be away without stopping us; at a single copy the setting would say nothing.
  if (replicationFactor > 1) config['min.insync.replicas'] = String(replicationFactor - 1)
  if (definition.cleanup === 'delete') {
    if (definition.retention_ms !== undefined) config['retention.ms'] = String(definition.retention_ms)
    return config
  }
  // The newest segment is never compacted: short segments and an early cleaner keep a restore near the size of the state.
  config['segment.ms'] = String(HOUR_MS / 2)
  config['min.cleanable.dirty.ratio'] = '0.1'
  config['max.compaction.lag.ms'] = String(HOUR_MS)
  config['max.message.bytes'] = String(COMPACT_RECORD_BYTES_MAX)
  return config
}

async function partitionCounts(
  admin: Admin,
  { prefix }: TopicLayout,
  topics: readonly TopicName[],
): Promise<Map<TopicName, number>> {
  const known = new Set(await admin.listTopics())
  const existing = topics.filter((topic) => known.has(prefix + topic))
  await refuseHidden(
    admin,
    topics.filter((topic) => !known.has(prefix + topic)).map((topic) => prefix + topic),
  )
  if (existing.length === 0) return new Map()
  const metadata = await admin.fetchTopicMetadata({ topics: existing.map((topic) => prefix + topic) })
  const counts = new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]))
  return new Map(existing.map((topic) => [topic, counts.get(prefix + topic) ?? 0]))
}

/** A broker lists only what we may see. Asked by name, it tells a topic that is not there from one that is hidden from us. */
async function refuseHidden(admin: Admin, topics: string[]): Promise<void> {
  if (topics.length === 0) return
  try {
    await admin.fetchTopicMetadata({ topics })
  } catch (error) {
    if (refusalOf(error) !== null || protocolErrorOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
  }
}

function refuseMismatches(counts: ReadonlyMap<TopicName, number>, layout: TopicLayout): void {
  for (const [topic, count] of counts) {
    const expected = partitionCount(topic, layout.partitions)
    if (count === expected) continue
    const why =
      topicDefinition(topic).partitions === 'many'
        ? 'topics.partitions, which every topic keyed by account or object shares'
        : 'the stage that reads it decides globally'
    throw new PartitionCountMismatch({ topic: layout.prefix + topic, count, expected, why })
  }
}
