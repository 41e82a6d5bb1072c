import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Refused } from '../../../lib/embedded/errors.ts'
import { acceptBatch, type BatchRules } from '../../../lib/embedded/log/incoming-batch.ts'
import { inflateRecords, RecordCursor } from '../../../lib/embedded/log/records.ts'
import { ErrorCode } from '../../../lib/embedded/protocol/error-codes.ts'
import { hasValidCrc, readHeader } from '../../../lib/wire/batch-header.ts'
import { encodeBatch, seal } from '../../helpers/record-batches.ts'

const NOW_MS = 1_700_000_000_000
const RULES: BatchRules = {
  messageBytes_max: 10_000,
  isCompacted: false,
  isLogAppendTime: false,
  timestampBefore_max_ms: Number.POSITIVE_INFINITY,
  timestampAfter_max_ms: 3_600_000,
}

const codeOf = (records: Buffer | null, rules: Partial<BatchRules> = {}) => {
  try {
    acceptBatch(records, { ...RULES, ...rules }, NOW_MS)
    return ErrorCode.NONE
  } catch (error) {
    if (error instanceof Refused) return error.errorCode
    throw error
  }
}

describe('an incoming batch', () => {
  test('gives back keys, values and offsets of every record', () => {
    const records = fc.array(
      fc.record({
        key: fc.option(fc.string({ maxLength: 200 })),
        value: fc.option(fc.string({ maxLength: 200 })),
        timestamp_ms: fc.integer({ min: NOW_MS - 10 ** 11, max: NOW_MS }),
      }),
      { minLength: 1, maxLength: 20 },
    )
    fc.assert(
      fc.property(records, fc.boolean(), (sent, isGzipped) => {
        const batch = acceptBatch(
          encodeBatch({ records: sent, isGzipped }),
          { ...RULES, messageBytes_max: 1e6 },
          NOW_MS,
        )
        const cursor = new RecordCursor(inflateRecords(batch.bytes, batch.header.codec))
        const found = []
        while (cursor.next()) {
          found.push({
            key: cursor.key(),
            valueLength: cursor.valueLength,
            timestamp_ms: batch.header.baseTimestamp_ms + cursor.timestampDelta_ms,
            offsetDelta: cursor.offsetDelta,
          })
        }
        expect(found).toEqual(
          sent.map(({ key, value, timestamp_ms }, offsetDelta) => ({
            key: key === null ? null : Buffer.from(key).toString('latin1'),
            valueLength: value === null ? -1 : Buffer.byteLength(value),
            timestamp_ms,
            offsetDelta,
          })),
        )
        expect(batch.header.maxTimestamp_ms).toBe(Math.max(...sent.map(({ timestamp_ms }) => timestamp_ms)))
      }),
    )
  })

  test('is a copy: the memory of the request may be used again', () => {
    const records = encodeBatch({ records: [{ value: 'kept' }] })
    const { bytes } = acceptBatch(records, RULES, NOW_MS)
    records.fill(0)
    expect(hasValidCrc(bytes)).toBe(true)
  })

  test('has its largest time corrected, with a new checksum', () => {
    const lying = encodeBatch({ records: [{ timestamp_ms: NOW_MS - 5_000 }, { timestamp_ms: NOW_MS - 9_000 }] })
    lying.writeBigInt64BE(123n, 35)
    const { bytes, header } = acceptBatch(seal(lying), RULES, NOW_MS)
    expect(header.maxTimestamp_ms).toBe(NOW_MS - 5_000)
    expect(hasValidCrc(bytes)).toBe(true)
  })

  test('is refused with the code of what is wrong with it', () => {
    const good = encodeBatch({ records: [{}, {}] })
    const changed = (change: (batch: Buffer) => void, isSealed = true) => {
      const batch = Buffer.from(good)
      change(batch)
      return isSealed ? seal(batch) : batch
    }
    expect(codeOf(good)).toBe(ErrorCode.NONE)
    expect(codeOf(null)).toBe(ErrorCode.INVALID_RECORD)
    expect(codeOf(good.subarray(0, 60))).toBe(ErrorCode.INVALID_RECORD)
    expect(codeOf(good.subarray(0, 65))).toBe(ErrorCode.CORRUPT_MESSAGE)
    expect(codeOf(changed((batch) => batch.writeInt8(1, 16)))).toBe(ErrorCode.INVALID_RECORD)
    expect(codeOf(changed((batch) => batch.writeInt8(batch.readInt8(62) ^ 1, 62), false))).toBe(
      ErrorCode.CORRUPT_MESSAGE,
    )
    expect(codeOf(changed((batch) => batch.writeInt32BE(3, 57)))).toBe(ErrorCode.INVALID_RECORD)
    expect(codeOf(changed((batch) => batch.writeInt16BE(4, 21)))).toBe(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
    expect(codeOf(changed((batch) => batch.writeInt16BE(1, 21)))).toBe(ErrorCode.CORRUPT_MESSAGE)
    expect(codeOf(changed((batch) => batch.writeInt16BE(0x10, 21)))).toBe(ErrorCode.INVALID_RECORD)
    expect(codeOf(good, { messageBytes_max: good.length - 1 })).toBe(ErrorCode.MESSAGE_TOO_LARGE)
    expect(codeOf(encodeBatch({ records: [{ key: null }] }), { isCompacted: true })).toBe(ErrorCode.INVALID_RECORD)
    const late = encodeBatch({ records: [{ timestamp_ms: NOW_MS + 3_600_001 }] })
    expect(codeOf(late)).toBe(ErrorCode.INVALID_TIMESTAMP)
    expect(codeOf(late, { isLogAppendTime: true })).toBe(ErrorCode.NONE)
    expect(codeOf(encodeBatch({ records: [{ timestamp_ms: 5 }] }), { timestampBefore_max_ms: 1_000 })).toBe(
      ErrorCode.INVALID_TIMESTAMP,
    )
  })

  test('of any bytes is accepted or refused, never a fault', () => {
    const good = encodeBatch({ records: [{}, { key: null }, { value: null }] })
    const spoiled = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(spoiled, (changes) => {
        const batch = Buffer.from(good)
        for (const [at, byte] of changes) batch[at] = byte
        seal(batch)
        const code = codeOf(batch)
        if (code === ErrorCode.NONE) expect(readHeader(batch).count).toBe(3)
      }),
      { numRuns: 2_000 },
    )
  })
})
