import { crc32c } from './crc32c.ts'

/**
 * The header of a record batch of Kafka, format v2, by position: one buffer is a request's field, the stored form and the
 * fetched form at once. Source: https://kafka.apache.org/documentation/#recordbatch
 */
export const HEADER_BYTES = 61
export const MAGIC_V2 = 2
/** Bytes in front of the part that the length field counts. */
const LENGTH_OVERHEAD_BYTES = 12
/** The checksum covers everything from here: what a broker fills in (offset, leader epoch) lies in front. */
const CHECKED_FROM = 21

/** Where the fields stand. */
export const AT = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
} as const

export const ATTRIBUTE = { codecMask: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const

export const CODEC_NONE = 0
export const CODEC_GZIP = 1
export const NO_PRODUCER_ID = -1

export interface BatchHeader {
  readonly size_bytes: number
  readonly codec: number
  readonly isLogAppendTime: boolean
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** Offset of the last record minus that of the first; stays as produced when compaction takes records away. */
  readonly lastOffsetDelta: number
  readonly baseTimestamp_ms: number
  readonly maxTimestamp_ms: number
  /** -1 for a producer without idempotence. */
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly count: number
}

/** Reads the header; the caller has made sure that HEADER_BYTES are there. */
export function readHeader(batch: Buffer): BatchHeader {
  const attributes = batch.readInt16BE(AT.attributes)
  return {
    size_bytes: declaredSize(batch),
    codec: attributes & ATTRIBUTE.codecMask,
    isLogAppendTime: (attributes & ATTRIBUTE.logAppendTime) !== 0,
    isTransactional: (attributes & ATTRIBUTE.transactional) !== 0,
    isControl: (attributes & ATTRIBUTE.control) !== 0,
    lastOffsetDelta: batch.readInt32BE(AT.lastOffsetDelta),
    baseTimestamp_ms: Number(batch.readBigInt64BE(AT.baseTimestamp)),
    maxTimestamp_ms: Number(batch.readBigInt64BE(AT.maxTimestamp)),
    producerId: Number(batch.readBigInt64BE(AT.producerId)),
    producerEpoch: batch.readInt16BE(AT.producerEpoch),
    baseSequence: batch.readInt32BE(AT.baseSequence),
    count: batch.readInt32BE(AT.count),
  }
}

/** The whole batch's size in bytes by its own length field, which may be a lie. */
export function declaredSize(batch: Buffer): number {
  return batch.readInt32BE(AT.length) + LENGTH_OVERHEAD_BYTES
}

/** What a header says; the length is that of the buffer. */
export interface BatchFields {
  /** Bits of ATTRIBUTE. */
  readonly attributes: number
  readonly baseTimestamp_ms: number
  readonly maxTimestamp_ms: number
  readonly producerId: number | bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly count: number
}

/**
 * Writes the header of a whole batch in front of its records, of which none is missing, and seals it. What a broker fills
 * in is zero.
 */
export function writeHeader(batch: Buffer, fields: BatchFields): void {
  batch.fill(0, 0, HEADER_BYTES)
  batch.writeInt8(MAGIC_V2, AT.magic)
  batch.writeInt16BE(fields.attributes, AT.attributes)
  batch.writeInt32BE(fields.count - 1, AT.lastOffsetDelta)
  batch.writeBigInt64BE(BigInt(fields.baseTimestamp_ms), AT.baseTimestamp)
  batch.writeBigInt64BE(BigInt(fields.maxTimestamp_ms), AT.maxTimestamp)
  batch.writeBigInt64BE(BigInt(fields.producerId), AT.producerId)
  batch.writeInt16BE(fields.producerEpoch, AT.producerEpoch)
  batch.writeInt32BE(fields.baseSequence, AT.baseSequence)
  finishBatch(batch, fields.count)
}

/** For a batch whose records are complete: says how many there are and how long it is, and seals it. */
export function finishBatch(batch: Buffer, count: number): void {
  batch.writeInt32BE(batch.length - LENGTH_OVERHEAD_BYTES, AT.length)
  batch.writeInt32BE(count, AT.count)
  sealBatch(batch)
}

/** Renews the checksum. */
export function sealBatch(batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch, CHECKED_FROM), AT.crc)
}

export function hasValidCrc(batch: Buffer): boolean {
  return crc32c(batch, CHECKED_FROM) === batch.readUInt32BE(AT.crc)
}
