import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { Refused } from './errors.ts'
import type { BatchRules } from './log/incoming-batch.ts'
import { type PartitionIdentity, PartitionLog } from './log/partition-log.ts'
import { ErrorCode } from './protocol/error-codes.ts'
import type { BrokerStorage, TopicIdentity } from './storage/storage.ts'
import { TopicConfig } from './topic-config.ts'

export interface Topic extends TopicIdentity {
  readonly partitions: PartitionLog[]
  config: TopicConfig
}

// A partition without records takes about 1 kB: 20,000 of them 20 MB, well beyond what one machine's tests want.
const PARTITIONS_MAX = 20_000
const TOPIC_NAME_LENGTH_MAX = 249

const TABLE = 'topics'
const topicRow = z.object({
  id: z.string(),
  partitions: z.number(),
  overrides: z.record(z.string(), z.string()),
})

export interface TopicStoreOptions {
  readonly messageBytes_max: number
  readonly logBytes_max: number
  readonly storage: BrokerStorage
}

/** The topics of the broker, their partitions and settings. Names and limits follow Kafka. */
export class TopicStore {
  readonly #topics = new Map<string, Topic>()
  readonly #messageBytes_max: number
  readonly #logBytes_max: number
  readonly #storage: BrokerStorage

  /** Takes up the topics that are in the storage. */
  constructor(options: TopicStoreOptions) {
    this.#messageBytes_max = options.messageBytes_max
    this.#logBytes_max = options.logBytes_max
    this.#storage = options.storage
    for (const { key: name, row } of this.#storage.tables.rows(TABLE)) {
      const { id, partitions, overrides } = topicRow.parse(row)
      const config = new TopicConfig(new Map(Object.entries(overrides)), this.#messageBytes_max)
      this.#topics.set(name, { name, id, config, partitions: this.#openPartitions({ name, id }, 0, partitions) })
    }
    this.#storage.keepOnly(this.all())
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  all(): Topic[] {
    return [...this.#topics.values()]
  }

  /** Throws Refused (UNKNOWN_TOPIC_OR_PARTITION). */
  partition(topic: string, index: number): PartitionLog {
    const log = this.#topics.get(topic)?.partitions[index]
    if (log === undefined) throw new Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `${topic}/${index} does not exist`)
    return log
  }

  /** What a produced batch must satisfy. Throws Refused (UNKNOWN_TOPIC_OR_PARTITION). */
  rulesOf(topic: string): BatchRules {
    return this.#existing(topic).config.rules
  }

  has(topic: string, index: number): boolean {
    return this.#topics.get(topic)?.partitions[index] !== undefined
  }

  /** Checks a new topic and, unless `dryRun`, creates it. Throws Refused with the code that CreateTopics answers. */
  create(
    name: string,
    partitionCount: number,
    overrides: ReadonlyMap<string, string | null> = new Map(),
    dryRun = false,
  ): void {
    this.#checkName(name)
    if (this.#topics.has(name)) throw new Refused(ErrorCode.TOPIC_ALREADY_EXISTS, `topic '${name}' already exists`)
    if (partitionCount < 1) throw new Refused(ErrorCode.INVALID_PARTITIONS, `${partitionCount} partitions; at least 1`)
    this.#checkRoom(partitionCount)
    const config = new TopicConfig(overrides, this.#messageBytes_max)
    if (dryRun) return
    const topic: Topic = { name, id: randomUUID(), config, partitions: [] }
    this.#save(topic, partitionCount)
    topic.partitions.push(...this.#openPartitions(topic, 0, partitionCount))
    this.#topics.set(name, topic)
  }

  /** Raises the number of partitions to `count`. Throws Refused. */
  grow(name: string, count: number, dryRun: boolean): void {
    const topic = this.#existing(name)
    const added = count - topic.partitions.length
    if (added <= 0) {
      throw new Refused(
        ErrorCode.INVALID_PARTITIONS,
        `topic '${name}' already has ${topic.partitions.length} partitions`,
      )
    }
    this.#checkRoom(added)
    if (dryRun) return
    this.#save(topic, count)
    topic.partitions.push(...this.#openPartitions(topic, topic.partitions.length, count))
  }

  /** Replaces all overrides of a topic. Throws Refused. */
  configure(name: string, overrides: ReadonlyMap<string, string | null>, dryRun: boolean): void {
    const topic = this.#existing(name)
    const config = new TopicConfig(overrides, this.#messageBytes_max)
    if (dryRun) return
    topic.config = config
    this.#save(topic, topic.partitions.length)
  }

  /** Throws Refused (UNKNOWN_TOPIC_OR_PARTITION). */
  delete(name: string): void {
    const topic = this.#existing(name)
    this.#storage.tables.write([{ table: TABLE, key: name, row: null }])
    this.#topics.delete(name)
    this.#storage.removeTopic(topic)
    for (const log of topic.partitions) log.wake()
  }

  /** Throws Refused (KAFKA_STORAGE_ERROR) when the logs hold as much as they may. */
  checkStorage(added_bytes: number): void {
    const used_bytes = this.size_bytes()
    if (used_bytes + added_bytes > this.#logBytes_max) {
      throw new Refused(ErrorCode.KAFKA_STORAGE_ERROR, `the logs hold ${used_bytes} of ${this.#logBytes_max} bytes`)
    }
  }

  size_bytes(): number {
    let sum = 0
    for (const topic of this.#topics.values()) for (const log of topic.partitions) sum += log.size_bytes
    return sum
  }

  /** Drops what is past retention and compacts every compacted topic. Returns the records compacted away. */
  clean(now_ms: number): number {
    let removed = 0
    for (const records of this.cleaning(now_ms, true)) removed += records
    return removed
  }

  /**
   * The same in steps, each with the records compacted away. Compacts all when forced, otherwise where enough is new to be
   * worth it.
   */
  *cleaning(now_ms: number, isForced: boolean): Generator<number> {
    for (const topic of [...this.#topics.values()]) {
      for (const log of topic.partitions) {
        const { config } = topic
        const isWorthIt = isForced || log.dirtyRatio >= config.compaction.dirtyRatio_min
        for (const removed of config.isCompacted && isWorthIt ? log.compacting(config.compaction, now_ms) : []) {
          yield removed
          // Whoever takes its time may find it deleted.
          if (!this.#has(topic)) break
        }
        if (!this.#has(topic)) break
        if (config.isDeleted) log.applyRetention(config.retention, now_ms)
      }
    }
  }

  /** The partition of a topic that has not been deleted since. */
  find({ topicId, index }: PartitionIdentity): PartitionLog | undefined {
    return this.all().find(({ id }) => id === topicId)?.partitions[index]
  }

  #has(topic: Topic): boolean {
    return this.#topics.get(topic.name) === topic
  }

  #save({ name, id, config }: Topic, partitions: number): void {
    const row = { id, partitions, overrides: Object.fromEntries(config.overrides) }
    this.#storage.tables.write([{ table: TABLE, key: name, row }])
  }

  #openPartitions(topic: TopicIdentity, from: number, to: number): PartitionLog[] {
    return Array.from({ length: to - from }, (_, offset) => {
      const index = from + offset
      return new PartitionLog(this.#storage.openPartition(topic, index), { topicId: topic.id, index })
    })
  }

  #existing(name: string): Topic {
    const topic = this.#topics.get(name)
    if (topic === undefined) throw new Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic '${name}' does not exist`)
    return topic
  }

  #checkName(name: string): void {
    const isLegal =
      /^[a-zA-Z0-9._-]+$/.test(name) && name !== '.' && name !== '..' && name.length <= TOPIC_NAME_LENGTH_MAX
    if (!isLegal) throw new Refused(ErrorCode.INVALID_TOPIC, 'a topic name has 1 to 249 of a-z A-Z 0-9 . _ -')
    // Kafka's metric names turn '.' into '_', so two topics that differ only there are refused.
    const collision = this.all().find((topic) => topic.name !== name && metricName(topic.name) === metricName(name))
    if (collision) throw new Refused(ErrorCode.INVALID_TOPIC, `'${name}' collides with the topic '${collision.name}'`)
  }

  #checkRoom(added: number): void {
    const present = this.all().reduce((sum, topic) => sum + topic.partitions.length, 0)
    if (present + added > PARTITIONS_MAX) {
      throw new Refused(
        ErrorCode.POLICY_VIOLATION,
        `${present} partitions and ${added} more; the limit is ${PARTITIONS_MAX}`,
      )
    }
  }
}

function metricName(topic: string): string {
  return topic.replaceAll('.', '_')
}
