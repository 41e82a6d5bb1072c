const CHUNK_BYTES = 1 << 20
const UNIT_BYTES = 16
const UNITS = CHUNK_BYTES / UNIT_BYTES
const LENGTH_BYTES = 2
/** Largest record a heap takes. */
export const RECORD_BYTES_MAX = 0xffff

/** No record. */
export const NO_RECORD = -1

/**
 * Many small records in a few large buffers. A Buffer of its own costs a record some 200 bytes and the collector a look at
 * each. Records have places in units of 16 bytes; a place that was let go is taken by the next record of its size. What is
 * in no record is zeros: neither what was let go waits there, nor what the memory held before it was ours.
 */
export class ByteHeap {
  private readonly chunks: Buffer[] = []
  private readonly free = new Map<number, number[]>()
  private used = UNITS

  /** Keeps a copy of `bytes[0, length)`; returns its place. */
  put(bytes: Buffer, length: number): number {
    if (length > RECORD_BYTES_MAX) throw new Error(`a record of ${length} bytes is larger than ${RECORD_BYTES_MAX}`)
    const units = unitsOf(length)
    const place = this.free.get(units)?.pop() ?? this.grow(units)
    const chunk = this.chunks[Math.floor(place / UNITS)]!
    const at = (place % UNITS) * UNIT_BYTES
    chunk.writeUInt16LE(length, at)
    bytes.copy(chunk, at + LENGTH_BYTES, 0, length)
    return place
  }

  /** Where a record is: a buffer and the place in it where the record begins. */
  at(place: number): { readonly bytes: Buffer; readonly begin: number } {
    return { bytes: this.chunks[Math.floor(place / UNITS)]!, begin: (place % UNITS) * UNIT_BYTES + LENGTH_BYTES }
  }

  /** Size of a record, bytes. */
  sizeOf(place: number): number {
    const { bytes, begin } = this.at(place)
    return bytes.readUInt16LE(begin - LENGTH_BYTES)
  }

  /** Lets a record go, and clears it. */
  delete(place: number): void {
    const size_bytes = this.sizeOf(place)
    const units = unitsOf(size_bytes)
    const { bytes, begin } = this.at(place)
    bytes.fill(0, begin, begin + size_bytes)
    const places = this.free.get(units)
    if (places) places.push(place)
    else this.free.set(units, [place])
  }

  private grow(units: number): number {
    if (this.used + units > UNITS) {
      this.chunks.push(Buffer.alloc(CHUNK_BYTES))
      this.used = 0
    }
    const place = (this.chunks.length - 1) * UNITS + this.used
    this.used += units
    return place
  }
}

function unitsOf(length: number): number {
  return Math.ceil((length + LENGTH_BYTES) / UNIT_BYTES)
}
