import { ATTRIBUTE, HEADER_BYTES, writeHeader } from '../wire/batch-header.ts'

type HeaderValue = string | Buffer

/** A message as kafkajs takes it. */
export interface ProducedMessage {
  readonly key?: string | Buffer | null
  readonly value: string | Buffer | null
  /** Epoch ms. */
  readonly timestamp?: string | number
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
}

/** Who sends a batch, and as how many-th. */
export interface BatchProducer {
  /** -1: not idempotent. */
  readonly id: bigint
  readonly epoch: number
  readonly isTransactional: boolean
  readonly firstSequence: number
}

const NULL_SIZE = -1
const NO_HEADERS = {}

/**
 * A record batch of format v2, uncompressed, as a producer sends it: what a broker fills in is zero
 * (https://kafka.apache.org/documentation/#recordbatch). A message without a time of its own has `now_ms`.
 */
export function encodeRecordBatch(
  messages: readonly ProducedMessage[],
  producer: BatchProducer,
  now_ms: number,
): Buffer {
  let first_ms = Number.POSITIVE_INFINITY
  let last_ms = Number.NEGATIVE_INFINITY
  for (const { timestamp } of messages) {
    if (timestamp == null) continue
    first_ms = Math.min(first_ms, Number(timestamp))
    last_ms = Math.max(last_ms, Number(timestamp))
  }
  if (first_ms > last_ms) {
    first_ms = now_ms
    last_ms = now_ms
  }
  const deltaOf = ({ timestamp }: ProducedMessage) => Number(timestamp ?? now_ms) - first_ms
  const bodies = messages.map((message, index) => bodySize(message, index, deltaOf(message)))
  const size_bytes = bodies.reduce((size, body) => size + sizeOfVarint(body) + body, HEADER_BYTES)
  const batch = Buffer.allocUnsafe(size_bytes)
  const to = new RecordWriter(batch, HEADER_BYTES)
  for (const [index, message] of messages.entries()) to.record(message, index, deltaOf(message), bodies[index]!)
  writeHeader(batch, {
    attributes: producer.isTransactional ? ATTRIBUTE.transactional : 0,
    baseTimestamp_ms: first_ms,
    maxTimestamp_ms: last_ms,
    producerId: producer.id,
    producerEpoch: producer.epoch,
    baseSequence: producer.firstSequence,
    count: messages.length,
  })
  return batch
}

/** Bytes of a record behind its length. */
function bodySize({ key, value, headers = NO_HEADERS }: ProducedMessage, index: number, delta_ms: number): number {
  let size_bytes = 1 + sizeOfVarint(delta_ms) + sizeOfVarint(index) + sizeOfField(key) + sizeOfField(value)
  let count = 0
  for (const name in headers) {
    for (const each of valuesOf(headers[name]!)) {
      count++
      size_bytes += sizeOfField(name) + sizeOfField(each)
    }
  }
  return size_bytes + sizeOfVarint(count)
}

function valuesOf(values: HeaderValue | readonly HeaderValue[]): readonly HeaderValue[] {
  return typeof values === 'string' || Buffer.isBuffer(values) ? [values] : values
}

function sizeOfField(value: string | Buffer | null | undefined): number {
  if (value == null) return sizeOfVarint(NULL_SIZE)
  const size_bytes = Buffer.byteLength(value)
  return sizeOfVarint(size_bytes) + size_bytes
}

/** Zigzag, seven bits a byte. */
function sizeOfVarint(value: number): number {
  let size_bytes = 1
  for (let rest = value < 0 ? -2 * value - 1 : 2 * value; rest >= 128; rest = Math.floor(rest / 128)) size_bytes++
  return size_bytes
}

class RecordWriter {
  private readonly bytes: Buffer
  private at: number

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.at = at
  }

  record(
    { key, value, headers = NO_HEADERS }: ProducedMessage,
    index: number,
    delta_ms: number,
    body_bytes: number,
  ): void {
    this.varint(body_bytes)
    this.bytes[this.at++] = 0
    this.varint(delta_ms)
    this.varint(index)
    this.field(key)
    this.field(value)
    let count = 0
    for (const name in headers) count += valuesOf(headers[name]!).length
    this.varint(count)
    for (const name in headers) {
      for (const each of valuesOf(headers[name]!)) {
        this.field(name)
        this.field(each)
      }
    }
  }

  private field(value: string | Buffer | null | undefined): void {
    if (value == null) {
      this.varint(NULL_SIZE)
    } else if (typeof value === 'string') {
      this.varint(Buffer.byteLength(value))
      this.at += this.bytes.write(value, this.at)
    } else {
      this.varint(value.length)
      this.bytes.set(value, this.at)
      this.at += value.length
    }
  }

  private varint(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes[this.at++] = (rest % 128) | 128
    this.bytes[this.at++] = rest
  }
}
