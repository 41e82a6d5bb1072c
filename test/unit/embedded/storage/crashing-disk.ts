import { Disk } from '../../../../lib/embedded/storage/disk.ts'

/** Thrown in place of the operation at which the process is killed. */
export class Killed extends Error {}

/**
 * A disk whose process is killed at the nth change: a write is then carried out up to some byte, anything else not at all,
 * and nothing happens after it.
 */
export class CrashingDisk extends Disk {
  readonly #share: number
  #left: number

  /** `share`: how much of the last write gets through, 0 to 1. */
  constructor(changes: number, share: number) {
    super()
    this.#left = changes
    this.#share = share
  }

  override write(path: string, position: number, buffers: readonly Buffer[]): void {
    if (this.#left > 0) {
      this.#left -= 1
      super.write(path, position, buffers)
      return
    }
    const bytes = Buffer.concat(buffers)
    const count = Math.floor(bytes.length * this.#share)
    if (this.#left === 0 && count > 0) super.write(path, position, [bytes.subarray(0, count)])
    this.#left = -1
    throw new Killed()
  }

  override truncate(path: string, size_bytes: number): void {
    this.#step()
    super.truncate(path, size_bytes)
  }

  override rename(from: string, to: string): void {
    this.#step()
    super.rename(from, to)
  }

  override remove(path: string): void {
    if (!this.exists(path)) return
    this.#step()
    super.remove(path)
  }

  override makeFolder(path: string): void {
    this.#step()
    super.makeFolder(path)
  }

  #step(): void {
    if (this.#left <= 0) {
      this.#left = -1
      throw new Killed()
    }
    this.#left -= 1
  }
}
