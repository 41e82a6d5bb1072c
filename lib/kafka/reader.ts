import { randomUUID } from 'node:crypto'
import type { KafkaMessage } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { TopicValues } from '../../schemas/values.ts'
import type { Codec } from '../avro/codec.ts'
import type { HopHeader, Rejection } from '../stream/record.ts'
import type { KafkaClient } from './client.ts'
import { readHopHeaders } from './headers.ts'
import type { TopicEnds } from './partition-ends.ts'
import { Signal } from './signal.ts'
import { StageConsumer } from './stage-consumer.ts'
import { fetchTopicEnds } from './topic-ends.ts'

export interface ReadRecord<Topic extends TopicName> {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  /** Null: a tombstone, a record that only closes a hop, or one that can't be decoded. */
  readonly value: TopicValues[Topic] | null
  readonly hop: HopHeader | null
  readonly rejection: Rejection | null
  /** When the producer wrote it, or the broker took it, as the topic is set; epoch ms. */
  readonly timestamp_ms: number
  readonly size_bytes: number
}

export interface ReadOptions<Topic extends TopicName> {
  readonly kafka: KafkaClient
  readonly codec: Codec
  readonly prefix: string
  readonly topic: Topic
  /** Sees each committed record, in order within a partition. */
  readonly onRecord: (record: ReadRecord<Topic>) => void
  /** How long a fetch waits for something new. @default 100 */
  readonly fetchWait_ms?: number
  /** Where to begin in each partition. @default 0 */
  readonly from?: (partition: number) => number
}

export interface TopicReader {
  /** Resolves when everything that is in the topic now has been seen. Rejects when reading has failed. */
  caughtUp(): Promise<void>
  /** Holds reading back, or lets it go on. What has been fetched already still comes. */
  setPaused(isPaused: boolean): void
  /** Leaves and removes the reader's group. */
  stop(): Promise<void>
}

/** How the names of readers' groups begin. */
export function readerGroups(prefix: string): string {
  return `${prefix}hydrawatch-reader-`
}

const SESSION_TIMEOUT_MS = 30_000
const HEARTBEAT_MS = 3_000
// Beside these, one fetch of at most a megabyte per partition may have been on its way.
const SCAN_BYTES_MAX = 8 << 20
const SCAN_RECORDS_MAX = 10_000

/** Everything in a topic up to its end as of now, in order within each partition. Rejects with BrokerUnavailable. */
export async function readTopic<Topic extends TopicName>(
  options: Omit<ReadOptions<Topic>, 'onRecord'>,
): Promise<ReadRecord<Topic>[]> {
  const records: ReadRecord<Topic>[] = []
  const reader = await followTopic({ ...options, onRecord: (record) => records.push(record) })
  try {
    await reader.caughtUp()
  } finally {
    await reader.stop()
  }
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

/**
 * The same in pieces and in bounded memory: reading waits while a piece is looked at. Rejects with BrokerUnavailable.
 */
export async function* scanTopic<Topic extends TopicName>(
  options: Omit<ReadOptions<Topic>, 'onRecord'>,
): AsyncGenerator<ReadRecord<Topic>[]> {
  let waiting: ReadRecord<Topic>[] = []
  let size_bytes = 0
  let end: { error: unknown } | 'reached' | null = null
  const arrived = new Signal()
  const opened: { reader?: TopicReader } = {}
  const reader = await followTopic({
    ...options,
    onRecord(record) {
      waiting.push(record)
      size_bytes += record.size_bytes
      if (size_bytes > SCAN_BYTES_MAX || waiting.length > SCAN_RECORDS_MAX) opened.reader?.setPaused(true)
      arrived.notify()
    },
  })
  opened.reader = reader
  const settle = (how: typeof end): void => {
    end = how
    arrived.notify()
  }
  reader.caughtUp().then(
    () => settle('reached'),
    (error: unknown) => settle({ error }),
  )
  try {
    for (;;) {
      if (waiting.length > 0) {
        const piece = waiting
        waiting = []
        size_bytes = 0
        yield piece
        reader.setPaused(false)
        continue
      }
      // Looked at after the wait, because TypeScript can not see that a callback has set it.
      const how = end as { error: unknown } | 'reached' | null
      if (how === 'reached') return
      if (how !== null) throw how.error
      await arrived.wait()
    }
  } finally {
    await reader.stop()
  }
}

/**
 * Follows a topic from its beginning until stopped, in a group of its own: every reader sees everything. Rejects with
 * BrokerUnavailable.
 */
export async function followTopic<Topic extends TopicName>(options: ReadOptions<Topic>): Promise<TopicReader> {
  const { kafka, codec, prefix, topic, onRecord, fetchWait_ms = 100, from = () => 0 } = options
  const name = prefix + topic
  const groupId = readerGroups(prefix) + randomUUID()
  const admin = kafka.admin()
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: fetchWait_ms,
    allowAutoTopicCreation: false,
  })
  const moved = new Signal()
  const read = new Set<number>()
  let failure: { error: unknown } | null = null
  const fail = (error: unknown): void => {
    failure ??= { error }
    moved.notify()
  }
  const take = (partition: number, messages: readonly KafkaMessage[]): void => {
    for (const { key, value: bytes, headers, offset, timestamp } of messages) {
      const { value, rejection } = bytes === null ? { value: null, rejection: null } : codec.decode(topic, bytes)
      const hop = readHopHeaders(headers)
      onRecord({
        partition,
        offset: Number(offset),
        key: key?.toString() ?? null,
        value,
        hop,
        rejection,
        timestamp_ms: Number(timestamp),
        size_bytes: bytes?.length ?? 0,
      })
    }
  }
  const partitions = new StageConsumer({
    consumer,
    codec,
    onError: fail,
    onAssigned: (assignment) => {
      for (const partition of assignment[name] ?? []) {
        if (partitions.next(name, partition) !== null) continue
        read.add(partition)
        partitions.open(name, partition, from(partition), {
          onMessages: (messages) => take(partition, messages),
          onAdvance: () => moved.notify(),
        })
      }
    },
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error))

  async function stop(): Promise<void> {
    await consumer.disconnect().catch(() => undefined)
    // A group that was never joined does not exist; one that lingers costs nothing and expires.
    await admin.deleteGroups([groupId]).catch(() => undefined)
    await admin.disconnect().catch(() => undefined)
  }

  function hasReached(ends: TopicEnds): boolean {
    return [...ends].every(
      ([partition, { low, high }]) => high === low || (partitions.next(name, partition) ?? 0) >= high,
    )
  }

  try {
    await kafka.reach(`reading ${name}`, async () => {
      await admin.connect()
      await consumer.connect()
      await consumer.subscribe({ topics: [name], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => partitions.eachBatch(payload),
      })
    })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async caughtUp() {
      await kafka.reach(`reading ${name}`, async () => {
        const ends = await fetchTopicEnds(admin, name)
        while (!hasReached(ends)) {
          if (failure) throw failure.error
          await moved.wait()
        }
      })
    },
    setPaused(isPaused) {
      for (const partition of read) partitions.setPaused(name, partition, isPaused)
    },
    stop,
  }
}
