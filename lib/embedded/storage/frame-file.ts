import type { Disk } from './disk.ts'
import { DamagedFile } from './errors.ts'
import { encodeFrame, FRAME_HEAD_BYTES, type Frame, readFrames } from './frame.ts'

/** One file of frames, of which this process is the only writer. Nothing is there until the first append. */
export class FrameFile {
  readonly #disk: Disk
  #path: string
  #size_bytes = 0

  constructor(disk: Disk, path: string) {
    this.#disk = disk
    this.#path = path
  }

  get path(): string {
    return this.#path
  }

  get size_bytes(): number {
    return this.#size_bytes
  }

  /**
   * Reads what is there, and cuts a torn last write off with a line to `log`. A file that nobody was writing any more
   * cannot have one: for it, `log` is null and a torn end is damage. Throws DamagedFile.
   */
  load(take: (frame: Frame) => void, log: ((line: string) => void) | null): void {
    const path = this.#path
    const size_bytes = this.#disk.size(path)
    const whole_bytes = readFrames(
      { path, size_bytes, read: (position, length) => this.#disk.read(path, position, length) },
      take,
    )
    this.#size_bytes = whole_bytes
    if (whole_bytes === size_bytes) return
    if (log === null) throw new DamagedFile(path, whole_bytes, 'a frame is not whole, and another file follows')
    log(`cut ${size_bytes - whole_bytes} bytes of a write that was not finished off ${path} at byte ${whole_bytes}`)
    this.#disk.truncate(path, whole_bytes)
  }

  /** Returns the position of the frame's body. */
  append(kind: number, parts: readonly Buffer[]): number {
    const position = this.#size_bytes
    const frame = encodeFrame(kind, parts)
    this.#disk.write(this.#path, position, frame)
    for (const part of frame) this.#size_bytes += part.length
    return position + FRAME_HEAD_BYTES
  }

  read(position: number, length: number): Buffer {
    return this.#disk.read(this.#path, position, length)
  }

  rename(path: string): void {
    this.#disk.rename(this.#path, path)
    this.#path = path
  }

  sync(): void {
    if (this.#size_bytes > 0) this.#disk.sync(this.#path)
  }

  remove(): void {
    this.#disk.remove(this.#path)
  }
}
