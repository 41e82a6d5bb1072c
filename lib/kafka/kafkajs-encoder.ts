import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

interface Encoder {
  buf: Buffer
  offset: number
  ensureAvailable(length: number): void
}

interface EncoderPrototype extends Encoder {
  writeUVarInt?: (value: number) => Encoder
  writeVarLong?: (value: unknown) => Encoder
  writeEncoder?: (value: Encoder | null) => Encoder
  writeEncoderArray?: (values: readonly Encoder[]) => Encoder
}

interface EncoderClass {
  readonly prototype: EncoderPrototype
  sizeOfVarLong?: (value: unknown) => number
}

// Where zigzag of it is still a positive int32.
const SMALL_MAX = 2 ** 30

/**
 * kafkajs 2.2.4 makes a list and a buffer for each variable-length number that it writes, a big integer for each that could
 * be a long, and a view of each record that it copies: some 10 µs a record. The same bytes are written without them.
 */
export function writeFaster(hasChanged: (what: string) => void): void {
  const encoder: EncoderClass = require('kafkajs/src/protocol/encoder.js')
  const { prototype, sizeOfVarLong } = encoder
  const { writeUVarInt, writeVarLong, writeEncoder, writeEncoderArray } = prototype
  if (!sizeOfVarLong || !writeUVarInt || !writeVarLong || !writeEncoder || !writeEncoderArray) {
    hasChanged('its way to write numbers')
    return
  }
  prototype.writeUVarInt = function (this: Encoder, value: number): Encoder {
    this.ensureAvailable(5)
    writeBits(this, value)
    return this
  }
  prototype.writeVarLong = function (this: Encoder, value: unknown): Encoder {
    if (!isSmall(value)) return writeVarLong.call(this, value)
    this.ensureAvailable(5)
    writeBits(this, value * 2)
    return this
  }
  encoder.sizeOfVarLong = (value) => (isSmall(value) ? sizeOfBits(value * 2) : sizeOfVarLong.call(encoder, value))
  prototype.writeEncoder = function (this: Encoder, value: Encoder | null): Encoder {
    if (value == null || !Buffer.isBuffer(value.buf)) return writeEncoder.call(this, value)
    append(this, value)
    return this
  }
  prototype.writeEncoderArray = function (this: Encoder, values: readonly Encoder[]): Encoder {
    if (!Array.isArray(values) || values.some((value) => value == null || !Buffer.isBuffer(value.buf))) {
      return writeEncoderArray.call(this, values)
    }
    this.ensureAvailable(values.reduce((size, { offset }) => size + offset, 0))
    for (const value of values) append(this, value)
    return this
  }
}

function isSmall(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < SMALL_MAX && Number.isInteger(value)
}

/** `value`: an int32, taken as unsigned. */
function writeBits(to: Encoder, value: number): void {
  const { buf } = to
  let rest = value
  let at = to.offset
  while ((rest & ~127) !== 0) {
    buf[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  buf[at++] = rest & 127
  to.offset = at
}

function sizeOfBits(value: number): number {
  let size_bytes = 1
  for (let rest = value; rest >= 128; rest >>>= 7) size_bytes++
  return size_bytes
}

function append(to: Encoder, { buf, offset }: Encoder): void {
  to.ensureAvailable(offset)
  buf.copy(to.buf, to.offset, 0, offset)
  to.offset += offset
}
