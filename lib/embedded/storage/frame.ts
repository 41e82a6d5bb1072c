import { crc32c } from '../../wire/crc32c.ts'
import { DamagedFile } from './errors.ts'

/**
 * Every file of a data folder is a row of frames, appended one at a time: what kind it is (1 byte), the length of the
 * body (4), the CRC-32C of the body (4), the CRC-32C of these nine bytes (4), the body. The head has a checksum of its own so that
 * its length can be trusted: a frame that runs past the end of the file is then a write that was cut short, and not a
 * damaged length in the middle.
 */
export const FRAME_HEAD_BYTES = 13
const AT = { kind: 0, length: 1, bodyCrc: 5, headCrc: 9 } as const

export interface Frame {
  readonly kind: number
  readonly body: Buffer
  /** Of the head, in the file. */
  readonly position: number
}

/** Where frames are read from. */
export interface FrameSource {
  readonly path: string
  readonly size_bytes: number
  read(position: number, length: number): Buffer
}

/** The buffers to write, one after the other, for a frame whose body is `parts`. */
export function encodeFrame(kind: number, parts: readonly Buffer[]): Buffer[] {
  const head = Buffer.allocUnsafe(FRAME_HEAD_BYTES)
  let length = 0
  let bodyCrc = 0
  for (const part of parts) {
    length += part.length
    bodyCrc = crc32c(part, 0, bodyCrc)
  }
  head.writeUInt8(kind, AT.kind)
  head.writeUInt32BE(length, AT.length)
  head.writeUInt32BE(bodyCrc, AT.bodyCrc)
  head.writeUInt32BE(crc32c(head.subarray(0, AT.headCrc)), AT.headCrc)
  return [head, ...parts]
}

/**
 * Reads the frames of a file in order and hands each to `take`. Returns where the last whole frame ends: short of the
 * file's size when its last write was torn, which is a frame that the file ends within, a last frame whose body does not match, or
 * nothing but zeros, which some file systems leave behind at a power cut. Throws DamagedFile for everything else.
 */
export function readFrames(source: FrameSource, take: (frame: Frame) => void): number {
  const window = new Window(source)
  let position = 0
  while (position < source.size_bytes) {
    const left = source.size_bytes - position
    if (left < FRAME_HEAD_BYTES) return position
    const head = window.read(position, FRAME_HEAD_BYTES)
    if (crc32c(head.subarray(0, AT.headCrc)) !== head.readUInt32BE(AT.headCrc)) {
      if (isZeroFrom(window, position, source.size_bytes)) return position
      throw new DamagedFile(source.path, position, 'the head of a frame does not match its checksum')
    }
    const length = head.readUInt32BE(AT.length)
    const kind = head.readUInt8(AT.kind)
    const bodyCrc = head.readUInt32BE(AT.bodyCrc)
    if (FRAME_HEAD_BYTES + length > left) return position
    const body = window.read(position + FRAME_HEAD_BYTES, length)
    if (crc32c(body) !== bodyCrc) {
      if (FRAME_HEAD_BYTES + length === left) return position
      throw new DamagedFile(source.path, position, 'a frame does not match its checksum')
    }
    take({ kind, body, position })
    position += FRAME_HEAD_BYTES + length
  }
  return position
}

const WINDOW_BYTES = 1 << 20

/** Reads ahead, so that small frames do not cost a system call each. What it returns is valid until the next read. */
class Window {
  readonly #source: FrameSource
  #bytes: Buffer = Buffer.alloc(0)
  #start = 0

  constructor(source: FrameSource) {
    this.#source = source
  }

  read(position: number, length: number): Buffer {
    if (position < this.#start || position + length > this.#start + this.#bytes.length) {
      const wanted = Math.max(length, Math.min(WINDOW_BYTES, this.#source.size_bytes - position))
      this.#bytes = this.#source.read(position, wanted)
      this.#start = position
    }
    return this.#bytes.subarray(position - this.#start, position - this.#start + length)
  }
}

function isZeroFrom(window: Window, from: number, to: number): boolean {
  for (let position = from; position < to; position += WINDOW_BYTES) {
    const piece = window.read(position, Math.min(WINDOW_BYTES, to - position))
    if (piece.some((byte) => byte !== 0)) return false
  }
  return true
}
