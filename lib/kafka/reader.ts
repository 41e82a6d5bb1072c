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
}

export interface TopicReader {
  /** Resolves when everything that is in the topic now has been seen. Rejects when reading has failed. */
  caughtUp(): Promise<void>
  /** Leaves and removes the reader's group. */
  stop(): Promise<void>
}

const SESSION_TIMEOUT_MS = 30_000
const HEARTBEAT_MS = 3_000

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
 * Follows a topic from its beginning until stopped, in a group of its own: every reader sees everything. Rejects with
 * BrokerUnavailable.
 */
export async function followTopic<Topic extends TopicName>(options: ReadOptions<Topic>): Promise<TopicReader> {
  const { kafka, codec, prefix, topic, onRecord, fetchWait_ms = 100 } = options
  const name = prefix + topic
  const groupId = `${prefix}hydrawatch-reader-${randomUUID()}`
  const admin = kafka.admin()
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    maxWaitTimeInMs: fetchWait_ms,
    allowAutoTopicCreation: false,
  })
  const moved = new Signal()
  let failure: { error: unknown } | null = null
  const fail = (error: unknown): void => {
    failure ??= { error }
    moved.notify()
  }
  const take = (partition: number, messages: readonly KafkaMessage[]): void => {
    for (const { key, value: bytes, headers, offset } of messages) {
      const { value, rejection } = bytes === null ? { value: null, rejection: null } : codec.decode(topic, bytes)
      const hop = readHopHeaders(headers)
      onRecord({ partition, offset: Number(offset), key: key?.toString() ?? null, value, hop, rejection })
    }
  }
  const partitions = new StageConsumer({
    consumer,
    codec,
    onError: fail,
    onAssigned: (assignment) => {
      for (const partition of assignment[name] ?? []) {
        if (partitions.next(name, partition) !== null) continue
        partitions.open(name, partition, 0, {
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
    stop,
  }
}
