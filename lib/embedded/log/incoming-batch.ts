import {
  type BatchHeader,
  CODEC_GZIP,
  declaredSize,
  HEADER_BYTES,
  hasValidCrc,
  MAGIC_V2,
  NO_PRODUCER_ID,
  readHeader,
} from '../../wire/batch-header.ts'
import { Refused } from '../errors.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { baseOffsetOf, magicOf, stampTimestamp } from './record-batch.ts'
import { inflateRecords, RecordCursor } from './records.ts'

/** What a topic asks of the batches produced to it. */
export interface BatchRules {
  readonly messageBytes_max: number
  readonly isCompacted: boolean
  readonly isLogAppendTime: boolean
  /** How far a record's time may lie before and after the broker's clock (KIP-937). */
  readonly timestampBefore_max_ms: number
  readonly timestampAfter_max_ms: number
}

/** A batch that passed the checks: our own copy of its bytes, times corrected, and the header as it now is. */
export interface IncomingBatch {
  readonly bytes: Buffer
  readonly header: BatchHeader
}

/**
 * Checks the records field of a produce request as Kafka's LogValidator does: exactly one batch of format v2, its
 * size, its checksum, every record's structure, keys where the topic is compacted, times within the topic's bounds.
 * Returns a copy, because the request's memory belongs to the socket. Throws Refused with the code to answer.
 */
export function acceptBatch(records: Buffer | null, rules: BatchRules, now_ms: number): IncomingBatch {
  if (records === null || records.length < HEADER_BYTES) throw invalid('no whole record batch')
  if (magicOf(records) !== MAGIC_V2) throw invalid(`record format ${magicOf(records)}; only v2 is accepted`)
  const size_bytes = declaredSize(records)
  if (size_bytes !== records.length) {
    const code =
      size_bytes < records.length && size_bytes >= HEADER_BYTES ? ErrorCode.INVALID_RECORD : ErrorCode.CORRUPT_MESSAGE
    throw new Refused(
      code,
      `a batch of ${size_bytes} bytes in a field of ${records.length}; exactly one batch is accepted`,
    )
  }
  if (size_bytes > rules.messageBytes_max) {
    throw new Refused(
      ErrorCode.MESSAGE_TOO_LARGE,
      `${size_bytes} bytes; max.message.bytes is ${rules.messageBytes_max}`,
    )
  }
  if (!hasValidCrc(records)) throw new Refused(ErrorCode.CORRUPT_MESSAGE, 'the checksum does not match')
  const header = readHeader(records)
  checkHeader(records, header)
  const seen = checkRecords(records, header, rules, now_ms)

  const bytes = Buffer.from(records)
  const maxTimestamp_ms = rules.isLogAppendTime ? now_ms : seen.maxTimestamp_ms
  if (maxTimestamp_ms !== header.maxTimestamp_ms || header.isLogAppendTime !== rules.isLogAppendTime) {
    stampTimestamp(bytes, maxTimestamp_ms, rules.isLogAppendTime)
  }
  return { bytes, header: readHeader(bytes) }
}

function checkHeader(records: Buffer, header: BatchHeader): void {
  if (header.codec > CODEC_GZIP) {
    throw new Refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `codec ${header.codec}; none and gzip are accepted`)
  }
  if (header.isControl) throw invalid('clients may not write control batches')
  if (baseOffsetOf(records) !== 0) throw invalid('the base offset of a produced batch is not 0')
  if (header.count < 1 || header.lastOffsetDelta !== header.count - 1) {
    throw invalid(`${header.count} records up to offset delta ${header.lastOffsetDelta}`)
  }
  if (header.producerId !== NO_PRODUCER_ID && header.baseSequence < 0) throw invalid('a producer id without sequence')
  if (header.producerId === NO_PRODUCER_ID && header.isTransactional) throw invalid('a transaction without producer id')
}

function checkRecords(
  records: Buffer,
  header: BatchHeader,
  rules: BatchRules,
  now_ms: number,
): { maxTimestamp_ms: number } {
  const cursor = new RecordCursor(inflateRecords(records, header.codec))
  let minDelta_ms = Number.POSITIVE_INFINITY
  let maxDelta_ms = Number.NEGATIVE_INFINITY
  let count = 0
  while (cursor.next()) {
    if (cursor.offsetDelta !== count) throw invalid(`record ${count} has offset delta ${cursor.offsetDelta}`)
    if (rules.isCompacted && cursor.keyLength < 0) throw invalid('a record without key in a compacted topic')
    if (cursor.timestampDelta_ms < minDelta_ms) minDelta_ms = cursor.timestampDelta_ms
    if (cursor.timestampDelta_ms > maxDelta_ms) maxDelta_ms = cursor.timestampDelta_ms
    count += 1
  }
  if (count !== header.count) throw invalid(`${count} records where the header counts ${header.count}`)

  const earliest_ms = header.baseTimestamp_ms + minDelta_ms
  const latest_ms = header.baseTimestamp_ms + maxDelta_ms
  const isTooFar =
    !Number.isSafeInteger(latest_ms) ||
    latest_ms - now_ms > rules.timestampAfter_max_ms ||
    now_ms - earliest_ms > rules.timestampBefore_max_ms
  if (!rules.isLogAppendTime && isTooFar) {
    throw new Refused(
      ErrorCode.INVALID_TIMESTAMP,
      `times from ${earliest_ms} to ${latest_ms} are out of the topic's bounds`,
    )
  }
  return { maxTimestamp_ms: latest_ms }
}

function invalid(reason: string): Refused {
  return new Refused(ErrorCode.INVALID_RECORD, reason)
}
