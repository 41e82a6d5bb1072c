// Numbers are packed at 7 bits a byte, sign in the lowest bit, as Avro does; hashes, which have 52 bits, take seven bytes.
const HASH_BYTES = 7
const LOW = 0x1_0000_0000
// A larger count is not one; what a stage can't hold exactly it holds as this.
const NUMBER_MAX = 2 ** 51

/** Writes packed records one behind the other. */
export class ByteWriter {
  bytes = Buffer.alloc(1 << 16)
  length = 0

  number(value: number): void {
    this.reserve(8)
    const clamped = Math.max(-NUMBER_MAX, Math.min(NUMBER_MAX, value))
    let rest = clamped < 0 ? -2 * clamped - 1 : 2 * clamped
    while (rest >= LOW) {
      this.bytes[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest >= 128) {
      this.bytes[this.length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.bytes[this.length++] = rest
  }

  hash(value: number): void {
    this.reserve(HASH_BYTES)
    const { bytes, length } = this
    const high = Math.floor(value / LOW)
    const low = value >>> 0
    bytes[length] = low
    bytes[length + 1] = low >>> 8
    bytes[length + 2] = low >>> 16
    bytes[length + 3] = low >>> 24
    bytes[length + 4] = high
    bytes[length + 5] = high >>> 8
    bytes[length + 6] = high >>> 16
    this.length += HASH_BYTES
  }

  text(value: string): void {
    const size = Buffer.byteLength(value)
    this.number(size)
    this.reserve(size)
    this.length += this.bytes.write(value, this.length)
  }

  block(value: Buffer): void {
    this.number(value.length)
    this.reserve(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
  }

  /** Makes room for so many bytes, which the caller writes into `bytes` from the place that it returns on. */
  claim(size_bytes: number): number {
    this.reserve(size_bytes)
    this.length += size_bytes
    return this.length - size_bytes
  }

  /** Bytes `begin` to `end` of `from` as they are. */
  raw(from: Buffer, begin: number, end: number): void {
    this.reserve(end - begin)
    this.length += from.copy(this.bytes, this.length, begin, end)
  }

  /** Null is no text; an empty text is one. */
  optionalText(value: string | null): void {
    this.number(value === null ? 0 : 1)
    if (value !== null) this.text(value)
  }

  optionalNumber(value: number | null): void {
    this.number(value === null ? 0 : 1)
    if (value !== null) this.number(value)
  }

  private reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return
    const grown = Buffer.alloc(Math.max(this.bytes.length * 2, this.length + size))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}

/** Reads what a `ByteWriter` wrote, from `at` on. */
export class ByteReader {
  readonly bytes: Buffer
  at: number

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.at = at
  }

  number(): number {
    const { bytes } = this
    let byte = bytes[this.at++]!
    if (byte < 128) return (byte >>> 1) ^ -(byte & 1)
    // Four bytes hold 28 bits, which are integers; most numbers end there.
    let low = byte & 127
    for (let shift = 7; byte >= 128 && shift < 28; shift += 7) {
      byte = bytes[this.at++]!
      low |= (byte & 127) << shift
    }
    if (byte < 128) return (low >>> 1) ^ -(low & 1)
    let value = low >>> 1
    for (let unit = 2 ** 27; byte >= 128; unit *= 128) {
      byte = bytes[this.at++]!
      value += (byte & 127) * unit
    }
    return (low & 1) === 0 ? value : -value - 1
  }

  /** Passes over a number. */
  skip(): void {
    while (this.bytes[this.at++]! >= 128);
  }

  hash(): number {
    const { bytes, at } = this
    this.at += HASH_BYTES
    const low = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    return low + (bytes[at + 4]! | (bytes[at + 5]! << 8) | ((bytes[at + 6]! << 24) >> 8)) * LOW
  }

  text(): string {
    const size = this.number()
    this.at += size
    return this.bytes.toString('utf8', this.at - size, this.at)
  }

  block(): Buffer {
    const size = this.number()
    this.at += size
    return this.bytes.subarray(this.at - size, this.at)
  }

  optionalText(): string | null {
    return this.number() === 0 ? null : this.text()
  }

  optionalNumber(): number | null {
    return this.number() === 0 ? null : this.number()
  }
}
