import { gzipSync } from 'node:zlib'
import { crc32c } from '../../lib/wire/crc32c.ts'

export interface TestRecord {
  readonly key?: string | null
  readonly value?: string | null
  readonly timestamp_ms?: number
}

export interface TestBatch {
  readonly records: readonly TestRecord[]
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isGzipped?: boolean
}

/** A produced record batch v2, written out by hand so that the code under test does not check itself. */
export function encodeBatch(batch: TestBatch): Buffer {
  const { records, producerId = -1, producerEpoch = -1, baseSequence = -1 } = batch
  const base_ms = records[0]?.timestamp_ms ?? 1_700_000_000_000
  const times_ms = records.map((record) => record.timestamp_ms ?? base_ms)
  const plain = Buffer.concat(
    records.map((record, index) => encodeRecord(record, index, (times_ms[index] ?? 0) - base_ms)),
  )
  const body = batch.isGzipped ? gzipSync(plain) : plain
  const header = Buffer.alloc(61)
  header.writeInt32BE(49 + body.length, 8)
  header.writeInt8(2, 16)
  header.writeInt16BE((batch.isGzipped ? 1 : 0) | (batch.isTransactional ? 16 : 0), 21)
  header.writeInt32BE(records.length - 1, 23)
  header.writeBigInt64BE(BigInt(base_ms), 27)
  header.writeBigInt64BE(BigInt(Math.max(...times_ms)), 35)
  header.writeBigInt64BE(BigInt(producerId), 43)
  header.writeInt16BE(producerEpoch, 51)
  header.writeInt32BE(baseSequence, 53)
  header.writeInt32BE(records.length, 57)
  return seal(Buffer.concat([header, body]))
}

/** Renews the checksum after a test has changed bytes behind it. */
export function seal(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}

function encodeRecord(record: TestRecord, index: number, delta_ms: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(delta_ms),
    varint(index),
    field(record.key === undefined ? 'key' : record.key),
    field(record.value === undefined ? 'value' : record.value),
    varint(0),
  ])
  return Buffer.concat([varint(body.length), body])
}

function field(text: string | null): Buffer {
  return text === null ? varint(-1) : Buffer.concat([varint(Buffer.byteLength(text)), Buffer.from(text)])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value >= 0 ? BigInt(value) * 2n : BigInt(value) * -2n - 1n
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return Buffer.from([...bytes, Number(rest)])
}
