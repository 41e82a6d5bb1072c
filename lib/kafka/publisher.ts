import type { Message } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { TopicValue, TopicValues } from '../../schemas/values.ts'
import type { Codec } from '../avro/codec.ts'
import { InvariantViolated } from '../ops/errors.ts'
import { partitionCount } from '../stream/topology.ts'
import type { KafkaClient } from './client.ts'
import { acceptFutureHeader, watermarkHeaders } from './headers.ts'
import { ofOnePartition } from './kafkajs-produce.ts'
import { keyPartition } from './key-partition.ts'

/** A record with its bytes. `topic` is the name on the broker. */
export interface EncodedRecord {
  readonly topic: string
  /** Never left to kafkajs, see `sendRecords`. */
  readonly partition: number
  /** Never null, see `refuseKeyless`. */
  readonly key: string | Buffer
  readonly value: Buffer | null
  readonly headers?: Record<string, string | Buffer>
}

/** What a producer and an open transaction have in common. */
export interface Sender {
  sendBatch(batch: { topicMessages: { topic: string; messages: Message[] }[] }): Promise<unknown>
}

// A broker refuses a record batch of more than 1,048,588 bytes (message.max.bytes); in the worst case a send is one batch.
const BYTES_PER_SEND_MAX = 900_000
// Offsets, lengths, timestamp and the hop headers of one record.
const OVERHEAD_BYTES = 64

/**
 * Sends records in bounded pieces, one after the other, those of a partition in their order. Call it once at a time for a producer.
 *
 * A piece is of one partition. kafkajs 2.2.4 repeats a send that has failed in part for each broker that has not answered, by the leaders
 * of that moment: when a leader has moved to a broker that had answered already, the records of its partition are never sent, and the
 * send counts as done; a broker that was slow to answer gets its records a second time, under new sequence numbers. With one
 * partition there is one broker to ask, whoever it is, and the sequence numbers of a repeat are those of the first time.
 * Rejects with InvariantViolated, before anything is sent, where a record has no key.
 */
export async function sendRecords(sender: Sender, records: readonly EncodedRecord[]): Promise<void> {
  for (const { topic, key } of records) refuseKeyless(topic, key)
  for (const ofPartition of byPartition(records)) {
    for (const slice of slices(ofPartition)) {
      const { topic, partition } = slice[0]!
      const messages = slice.map(({ key, value, headers }): Message => ({ partition, key, value, headers }))
      await sender.sendBatch({ topicMessages: [{ topic, messages: ofOnePartition(messages, partition) }] })
    }
  }
}

/**
 * What has no key belongs to no account: no partition is its own, so it has no order, and no task that counts it. kafkajs chooses
 * a partition for it anew with each repeat of a send, which loses some records and writes others twice, and a compacted topic
 * refuses it. Types rule it out; this is for what they do not see.
 */
function refuseKeyless(topic: string, key: unknown): void {
  if (typeof key === 'string' || Buffer.isBuffer(key)) return
  throw new InvariantViolated(
    `a record for ${topic} has no key (${key === null ? 'null' : typeof key}): nothing of this send was written; give it the key that schemas/topics.ts names for its topic`,
  )
}

function byPartition(records: readonly EncodedRecord[]): Iterable<EncodedRecord[]> {
  const groups = new Map<string, EncodedRecord[]>()
  for (const record of records) {
    const place = `${record.topic}/${record.partition}`
    const group = groups.get(place)
    if (group) group.push(record)
    else groups.set(place, [record])
  }
  return groups.values()
}

/** Cuts records into pieces that one send may hold; a record larger than that goes alone. */
export function* slices(records: readonly EncodedRecord[]): Generator<EncodedRecord[]> {
  let slice: EncodedRecord[] = []
  let size_bytes = 0
  for (const record of records) {
    const record_bytes = recordBytes(record)
    if (slice.length > 0 && size_bytes + record_bytes > BYTES_PER_SEND_MAX) {
      yield slice
      slice = []
      size_bytes = 0
    }
    slice.push(record)
    size_bytes += record_bytes
  }
  if (slice.length > 0) yield slice
}

/** Size of a record on the wire, bytes, estimated from above. */
export function recordBytes({ key, value }: EncodedRecord): number {
  return (value?.length ?? 0) + Buffer.byteLength(key) + OVERHEAD_BYTES
}

export interface PublisherOptions {
  readonly kafka: KafkaClient
  readonly codec: Codec
  /** Put before every topic name. */
  readonly prefix: string
  /** Partitions of the topics that have many. */
  readonly partitions: number
  readonly topics: readonly TopicName[]
  /**
   * For times that have been held against each other, as those of a file: a request that ends after this moment, epoch ms,
   * is marked as meant, and no stage holds it against the broker's clock.
   */
  readonly acceptFutureAfter_ms?: () => number
}

export interface PublishedRecord<Topic extends TopicName> {
  readonly topic: Topic
  readonly key: string
  /** Null: a tombstone. */
  readonly value: TopicValues[Topic] | null
}

/** Writes records from the outside world to their topics: idempotent, keyed, those of a partition in the order given. */
export interface Publisher {
  /** Resolves when the broker has them all. Rejects with BrokerUnavailable, after which the publisher is of no use. */
  publish<Topic extends TopicName>(records: readonly PublishedRecord<Topic>[]): Promise<void>
  /** Promises on every partition of `requests` that nothing older than `watermark_ms` follows: the end of a file. */
  closeInput(watermark_ms: number): Promise<void>
  /** Records and bytes written so far, by topic. */
  counters(): ReadonlyMap<TopicName, { records: number; bytes: number }>
  close(): Promise<void>
}

const WATERMARK_KEY = 'watermark'

/** Connects. Rejects with BrokerUnavailable or RegistryUnavailable. */
export async function openPublisher(options: PublisherOptions): Promise<Publisher> {
  const { kafka, codec, prefix, partitions, topics, acceptFutureAfter_ms } = options
  await codec.prepareTopics(topics)
  const producer = kafka.idempotentProducer()
  await kafka.reach('connecting a producer', () => producer.connect())
  const counters = new Map<TopicName, { records: number; bytes: number }>()
  // kafkajs tracks sequence numbers per partition, not per send: two sends at a time could take each other's.
  let lastSend: Promise<void> = Promise.resolve()

  function send(records: readonly EncodedRecord[]): Promise<void> {
    lastSend = lastSend.then(() => kafka.reach('writing records', () => sendRecords(producer, records)))
    lastSend.catch(() => undefined)
    return lastSend
  }

  function isFuture(value: TopicValue | null): boolean {
    if (!acceptFutureAfter_ms || value === null || !('end_time_ms' in value)) return false
    return value.end_time_ms > acceptFutureAfter_ms()
  }

  return {
    async publish(records) {
      const encoded = records.map(({ topic, key, value }) => {
        // Before a partition is chosen, which for no key would be any.
        refuseKeyless(prefix + topic, key)
        const bytes = value === null ? null : codec.encode(topic, value)
        const partition = keyPartition(key, partitionCount(topic, partitions))
        const headers = isFuture(value) ? acceptFutureHeader() : undefined
        return { topic: prefix + topic, partition, key, value: bytes, headers }
      })
      await send(encoded)
      for (const [index, { topic }] of records.entries()) {
        const count = counters.get(topic) ?? { records: 0, bytes: 0 }
        count.records += 1
        count.bytes += encoded[index]?.value?.length ?? 0
        counters.set(topic, count)
      }
    },
    closeInput: (watermark_ms) =>
      send(
        Array.from({ length: partitions }, (_, partition) => ({
          topic: `${prefix}requests`,
          partition,
          key: WATERMARK_KEY,
          value: null,
          headers: watermarkHeaders(watermark_ms),
        })),
      ),
    counters: () => counters,
    async close() {
      await lastSend.catch(() => undefined)
      await producer.disconnect()
    },
  }
}
