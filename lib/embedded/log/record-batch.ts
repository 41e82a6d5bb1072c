import { AT, ATTRIBUTE, finishBatch, HEADER_BYTES, sealBatch, writeHeader } from '../../wire/batch-header.ts'

export function magicOf(batch: Buffer): number {
  return batch.readInt8(AT.magic)
}

export function baseOffsetOf(batch: Buffer): number {
  return Number(batch.readBigInt64BE(AT.baseOffset))
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
  finishBatch(rebuilt, count)
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
  writeHeader(batch, {
    attributes: ATTRIBUTE.transactional | ATTRIBUTE.control,
    baseTimestamp_ms: marker.time_ms,
    maxTimestamp_ms: marker.time_ms,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    baseSequence: -1,
    count: 1,
  })
  return batch
}

/** Which of the two a control batch is. */
export function isCommitMarker(batch: Buffer): boolean {
  return batch[HEADER_BYTES + MARKER_TYPE_AT] === 1
}
