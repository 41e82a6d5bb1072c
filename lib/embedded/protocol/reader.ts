import { MalformedRequest } from '../errors.ts'

/**
 * Reads the primitive types of the Kafka protocol from one request. Every read is checked against the end of the
 * request; reading past it throws MalformedRequest. Byte fields are views into the request, not copies.
 * Source: https://kafka.apache.org/protocol#protocol_types
 */
export class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1))
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4))
  }

  /**
   * Offsets, times and producer ids as numbers. No log of ours reaches 2^53; a larger value can only be hostile and is
   * clamped so that it can be compared and written back.
   */
  int64(): number {
    const value = Number(this.#bytes.readBigInt64BE(this.#advance(8)))
    return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
  }

  nullableString(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const start = this.#advance(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  string(): string {
    const value = this.nullableString()
    if (value === null) throw new MalformedRequest('a string that may not be null is null')
    return value
  }

  nullableBytes(): Buffer | null {
    const length = this.int32()
    if (length < 0) return null
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  bytes(): Buffer {
    const value = this.nullableBytes()
    if (value === null) throw new MalformedRequest('a byte field that may not be null is null')
    return value
  }

  nullableArray<T>(element: () => T): T[] | null {
    const length = this.int32()
    if (length < 0) return null
    // Every element takes at least one byte, so a length beyond the rest of the request is a lie: refuse before allocating.
    if (length > this.#bytes.length - this.#at) throw new MalformedRequest(`an array claims ${length} elements`)
    return Array.from({ length }, element)
  }

  array<T>(element: () => T): T[] {
    return this.nullableArray(element) ?? []
  }

  #advance(size: number): number {
    const start = this.#at
    if (start + size > this.#bytes.length) {
      throw new MalformedRequest(`the request ends at byte ${this.#bytes.length}, a field needs ${start + size}`)
    }
    this.#at = start + size
    return start
  }
}
