import type { Message } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { TopicValues } from '../../schemas/values.ts'
import type { Codec } from '../avro/codec.ts'
import type { KafkaClient } from './client.ts'
import { watermarkHeaders } from './headers.ts'

/** A record with its bytes. `topic` is the name on the broker. */
export interface EncodedRecord {
  readonly topic: string
  /** Null: the partitioner decides by key. */
  readonly partition: number | null
  /** Never null: kafkajs deals records without a key out anew on each retry, which loses some and repeats others. */
  readonly key: string | Buffer
  readonly value: Buffer | null
  readonly headers?: Record<string, string | Buffer>
}

/** What a producer and an open transaction have in common. */
export interface Sender {
  sendBatch(batch: { topicMessages: { topic: string; messages: Message[] }[] }): Promise<unknown>
}

// kafkajs groups a send by partition in quadratic time: 1,000 records take 17 ms, 10,000 take 129 ms and 50,000 take 12 s.
const RECORDS_PER_SEND_MAX = 1_000
// A broker refuses a record batch of more than 1,048,588 bytes (message.max.bytes); in the worst case a send is one batch.
const BYTES_PER_SEND_MAX = 900_000
// Offsets, lengths, timestamp and the hop headers of one record.
const OVERHEAD_BYTES = 64

/** Sends records in order, in bounded pieces, one after the other. Call it once at a time for a producer. */
export async function sendRecords(sender: Sender, records: readonly EncodedRecord[]): Promise<void> {
  for (const slice of slices(records)) {
    const messages = new Map<string, Message[]>()
    for (const { topic, partition, key, value, headers } of slice) {
      const message: Message = { key, value, headers, ...(partition === null ? {} : { partition }) }
      const known = messages.get(topic)
      if (known) known.push(message)
      else messages.set(topic, [message])
    }
    await sender.sendBatch({
      topicMessages: [...messages].map(([topic, topicMessages]) => ({ topic, messages: topicMessages })),
    })
  }
}

/** Cuts records into pieces that one send may hold; a record larger than that goes alone. */
export function* slices(records: readonly EncodedRecord[]): Generator<EncodedRecord[]> {
  let slice: EncodedRecord[] = []
  let size_bytes = 0
  for (const record of records) {
    const record_bytes = recordBytes(record)
    if (slice.length >= RECORDS_PER_SEND_MAX || (slice.length > 0 && size_bytes + record_bytes > BYTES_PER_SEND_MAX)) {
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
  /** Partitions of `requests`. */
  readonly partitions: number
  readonly topics: readonly TopicName[]
}

export interface PublishedRecord<Topic extends TopicName> {
  readonly topic: Topic
  readonly key: string
  /** Null: a tombstone. */
  readonly value: TopicValues[Topic] | null
}

/** Writes records from the outside world to their topics: idempotent, keyed, in the order given. */
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
  const { kafka, codec, prefix, partitions, topics } = options
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

  return {
    async publish(records) {
      const encoded = records.map(({ topic, key, value }) => {
        const bytes = value === null ? null : codec.encode(topic, value)
        return { topic: prefix + topic, partition: null, key, value: bytes }
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
