import { crc32c } from '../../ops/crc32c.ts'

/**
 * The record batch of Kafka, format v2, by position: one buffer is a request's field, the stored form and the fetched
 * form at once. Source: https://kafka.apache.org/documentation/#recordbatch
 */
export const HEADER_BYTES = 61
export const MAGIC_V2 = 2
/** Bytes in front of the part that the length field counts. */
export const LENGTH_OVERHEAD_BYTES = 12
/** The checksum covers everything from here: what a broker fills in (offset, leader epoch) lies in front. */
const CHECKED_FROM = 21

const AT = {
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

const ATTRIBUTE = { codecMask: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const

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

export function magicOf(batch: Buffer): number {
  return batch.readInt8(AT.magic)
}

export function baseOffsetOf(batch: Buffer): number {
  return Number(batch.readBigInt64BE(AT.baseOffset))
}

export function hasValidCrc(batch: Buffer): boolean {
  return crc32c(batch, CHECKED_FROM) === batch.readUInt32BE(AT.crc)
}

/** What a broker fills in on append. Not covered by the checksum. */
export function stampOffset(batch: Buffer, baseOffset: number): void {
  batch.writeBigInt64BE(BigInt(baseOffset), AT.baseOffset)
  batch.writeInt32BE(0, AT.leaderEpoch)
}

/** Corrects the largest time of the batch and, for LogAppendTime, says that it is the broker's. Renews the checksum. */
export function stampTimestamp(batch: Buffer, maxTimestamp_ms: number, isLogAppendTime: boolean): void {
  const attributes = batch.readInt16BE(AT.attributes)
  batch.writeInt16BE(
    isLogAppendTime ? attributes | ATTRIBUTE.logAppendTime : attributes & ~ATTRIBUTE.logAppendTime,
    AT.attributes,
  )
  batch.writeBigInt64BE(BigInt(maxTimestamp_ms), AT.maxTimestamp)
  sealBatch(batch)
}

/** The same batch with other records in it: `count` of them, encoded in `body` with the codec of the original. */
export function replaceRecords(batch: Buffer, body: Buffer, count: number): Buffer {
  const rebuilt = Buffer.concat([batch.subarray(0, HEADER_BYTES), body])
  rebuilt.writeInt32BE(rebuilt.length - LENGTH_OVERHEAD_BYTES, AT.length)
  rebuilt.writeInt32BE(count, AT.count)
  sealBatch(rebuilt)
  return rebuilt
}

// Record of a marker: length, attributes, time delta, offset delta, key (version, type), value (version, coordinator epoch),
// header count; lengths are zigzag varints. Type 0 is abort, 1 commit.
const MARKER_RECORD = Buffer.from([32, 0, 0, 0, 8, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0])
const MARKER_TYPE_AT = 8

/** The control batch that ends a producer's transaction on a partition. Its offset is stamped on append. */
export function encodeMarker(marker: {
  producerId: number
  producerEpoch: number
  isCommit: boolean
  time_ms: number
}): Buffer {
  const batch = Buffer.concat([Buffer.alloc(HEADER_BYTES), MARKER_RECORD])
  batch[HEADER_BYTES + MARKER_TYPE_AT] = marker.isCommit ? 1 : 0
  batch.writeInt32BE(batch.length - LENGTH_OVERHEAD_BYTES, AT.length)
  batch.writeInt8(MAGIC_V2, AT.magic)
  batch.writeInt16BE(ATTRIBUTE.transactional | ATTRIBUTE.control, AT.attributes)
  batch.writeBigInt64BE(BigInt(marker.time_ms), AT.baseTimestamp)
  batch.writeBigInt64BE(BigInt(marker.time_ms), AT.maxTimestamp)
  batch.writeBigInt64BE(BigInt(marker.producerId), AT.producerId)
  batch.writeInt16BE(marker.producerEpoch, AT.producerEpoch)
  batch.writeInt32BE(-1, AT.baseSequence)
  batch.writeInt32BE(1, AT.count)
  sealBatch(batch)
  return batch
}

/** Which of the two a control batch is. */
export function isCommitMarker(batch: Buffer): boolean {
  return batch[HEADER_BYTES + MARKER_TYPE_AT] === 1
}

function sealBatch(batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch, CHECKED_FROM), AT.crc)
}
