import { MalformedRequest } from '../errors.ts'

/** `socket.request.max.bytes` of Apache Kafka: what one request may weigh. */
export const REQUEST_BYTES_MAX = 100 * 1024 * 1024

// api key, api version, correlation id and the length of the client id.
const REQUEST_BYTES_MIN = 10
const SIZE_BYTES = 4

/**
 * Cuts a byte stream into size-prefixed requests. Memory held is at most twice what was received of the request under
 * way, however small the pieces in which it arrives and however large it claims to be.
 */
export class FrameSplitter {
  #pending: Buffer = Buffer.alloc(0)
  #pending_bytes = 0
  readonly #bytes_max: number

  constructor(bytes_max: number = REQUEST_BYTES_MAX) {
    this.#bytes_max = bytes_max
  }

  /** Takes the next piece; returns the requests that it completes. Throws MalformedRequest on an impossible size. */
  push(piece: Buffer): Buffer[] {
    const bytes = this.#pending_bytes === 0 ? piece : this.#append(piece)
    const frames: Buffer[] = []
    let at = 0
    while (bytes.length - at >= SIZE_BYTES) {
      const size = bytes.readInt32BE(at)
      if (size < REQUEST_BYTES_MIN || size > this.#bytes_max) {
        throw new MalformedRequest(
          `a request of ${size} bytes; the limits are ${REQUEST_BYTES_MIN} and ${this.#bytes_max}`,
        )
      }
      if (bytes.length - at - SIZE_BYTES < size) break
      frames.push(bytes.subarray(at + SIZE_BYTES, at + SIZE_BYTES + size))
      at += SIZE_BYTES + size
    }
    this.#keep(bytes, at, frames.length > 0)
    return frames
  }

  #append(piece: Buffer): Buffer {
    const total = this.#pending_bytes + piece.length
    if (total > this.#pending.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(total, this.#pending.length * 2))
      this.#pending.copy(grown, 0, 0, this.#pending_bytes)
      this.#pending = grown
    }
    piece.copy(this.#pending, this.#pending_bytes)
    this.#pending_bytes = total
    return this.#pending.subarray(0, total)
  }

  #keep(bytes: Buffer, from: number, framesAreOut: boolean): void {
    const left = bytes.length - from
    if (left === 0) {
      this.#pending = Buffer.alloc(0)
    } else if (framesAreOut || this.#pending_bytes === 0) {
      // Frames that were handed out point into the old buffer: what is left moves to one of its own.
      this.#pending = Buffer.from(bytes.subarray(from))
    }
    this.#pending_bytes = left
  }
}
