import { gunzipSync, gzipSync } from 'node:zlib'
import { CODEC_GZIP, CODEC_NONE, HEADER_BYTES } from '../../wire/batch-header.ts'
import { Refused } from '../errors.ts'
import { ErrorCode } from '../protocol/error-codes.ts'

// A gzip bomb stops here: 64 times the default limit of a batch is more than real records compress.
const INFLATED_BYTES_MAX = 64 * 1024 * 1024
const VARINT_BYTES_MAX = 5
const VARLONG_BYTES_MAX = 10

/** The records of a batch as plain bytes. Throws Refused for a codec that Node 20 does not have, and for broken gzip. */
export function inflateRecords(batch: Buffer, codec: number): Buffer {
  const body = batch.subarray(HEADER_BYTES)
  if (codec === CODEC_NONE) return body
  if (codec !== CODEC_GZIP) {
    throw new Refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `codec ${codec}; the embedded broker reads none and gzip`)
  }
  try {
    return gunzipSync(body, { maxOutputLength: INFLATED_BYTES_MAX })
  } catch {
    throw new Refused(ErrorCode.CORRUPT_MESSAGE, 'the records do not unpack as gzip')
  }
}

export function deflateRecords(body: Buffer, codec: number): Buffer {
  return codec === CODEC_GZIP ? gzipSync(body) : body
}

/**
 * Walks over the records of an inflated batch without making objects: `next()` moves to the following record and the
 * fields tell where its parts are. Throws Refused (INVALID_RECORD) on bytes that are not records.
 */
export class RecordCursor {
  start = 0
  end = 0
  timestampDelta_ms = 0
  offsetDelta = 0
  keyStart = 0
  /** -1 for a null key. */
  keyLength = -1
  /** -1 for a null value, which in a compacted topic is a tombstone. */
  valueLength = -1
  readonly #body: Buffer
  #at = 0

  constructor(body: Buffer) {
    this.#body = body
  }

  next(): boolean {
    if (this.#at >= this.#body.length) return false
    this.start = this.#at
    const length = this.#varint()
    this.end = this.#at + length
    if (length < 1 || this.end > this.#body.length) throw invalid('a record is longer than its batch')
    this.#at += 1 // attributes, unused in v2
    this.timestampDelta_ms = this.#varlong()
    this.offsetDelta = this.#varint()
    this.keyLength = this.#varint()
    this.keyStart = this.#at
    this.#skip(this.keyLength)
    this.valueLength = this.#varint()
    this.#skip(this.valueLength)
    this.#skipHeaders()
    if (this.#at !== this.end) throw invalid('a record does not end where its length says')
    return true
  }

  /** The key as a map key: latin1 keeps bytes apart one to one. Null for a record without key. */
  key(): string | null {
    return this.keyLength < 0 ? null : this.#body.toString('latin1', this.keyStart, this.keyStart + this.keyLength)
  }

  #skipHeaders(): void {
    const count = this.#varint()
    if (count < 0 || count > this.end - this.#at) throw invalid(`a record claims ${count} headers`)
    for (let header = 0; header < count; header++) {
      const keyLength = this.#varint()
      if (keyLength < 0) throw invalid('a header has no key')
      this.#skip(keyLength)
      this.#skip(this.#varint())
    }
  }

  #skip(length: number): void {
    if (length > 0) this.#at += length
    if (length < -1 || this.#at > this.end) throw invalid('a field is longer than its record')
  }

  #varint(): number {
    return this.#zigzag(VARINT_BYTES_MAX)
  }

  #varlong(): number {
    return this.#zigzag(VARLONG_BYTES_MAX)
  }

  #zigzag(bytes_max: number): number {
    const first = this.#body[this.#at]
    if (first !== undefined && first < 0x80) {
      this.#at += 1
      return first & 1 ? -(first + 1) / 2 : first / 2
    }
    let value = 0
    let scale = 1
    for (let count = 0; count < bytes_max; count++) {
      const byte = this.#body[this.#at++]
      if (byte === undefined) throw invalid('a number runs past the end of the batch')
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      scale *= 128
    }
    throw invalid('a number is longer than its type')
  }
}

function invalid(reason: string): Refused {
  return new Refused(ErrorCode.INVALID_RECORD, reason)
}
