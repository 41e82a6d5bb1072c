import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writevSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import { DataFolderFailed } from './errors.ts'
import { hasCode } from './system-errors.ts'

// Node raises its own limit of open files to what the system allows, which is 4,096 or more; connections need some.
const FILES_OPEN_MAX = 512

/**
 * The file operations of a data folder. Writes are synchronous: when one returns the bytes are with the system, and a kill of
 * the process cannot take them back; a power cut can until they are synced. After a write that failed nothing more
 * is written: memory would be ahead of the disk.
 */
export class Disk {
  readonly #onFailure: (error: DataFolderFailed) => void
  readonly #open = new LRUCache<string, number>({ max: FILES_OPEN_MAX, dispose: (fd) => closeSync(fd) })
  /** Paths with bytes that a power cut could take. */
  readonly #unsynced = new Set<string>()
  #failure: DataFolderFailed | null = null

  constructor(onFailure: (error: DataFolderFailed) => void = () => undefined) {
    this.#onFailure = onFailure
  }

  exists(path: string): boolean {
    return existsSync(path)
  }

  size(path: string): number {
    return this.#attempt('look at', path, () => fstatSync(this.#fd(path)).size)
  }

  /** Exactly `length` bytes, from `position`. */
  read(path: string, position: number, length: number): Buffer {
    return this.#attempt('read', path, () => {
      const buffer = Buffer.allocUnsafe(length)
      for (let at = 0; at < length; ) {
        const count = readSync(this.#fd(path), buffer, at, length - at, position + at)
        if (count === 0) throw new Error(`the file ends in front of byte ${position + length}`)
        at += count
      }
      return buffer
    })
  }

  write(path: string, position: number, buffers: readonly Buffer[]): void {
    this.#change('write', path, () => {
      this.#unsynced.add(path)
      let left = [...buffers]
      for (let at = position; left.length > 0; ) {
        const written = writevSync(this.#fd(path, constants.O_CREAT), left, at)
        at += written
        left = withoutHead(left, written)
      }
    })
  }

  truncate(path: string, size_bytes: number): void {
    this.#change('truncate', path, () => {
      this.#unsynced.add(path)
      ftruncateSync(this.#fd(path), size_bytes)
    })
  }

  rename(from: string, to: string): void {
    this.#change('rename', from, () => {
      this.#open.delete(from)
      this.#open.delete(to)
      renameSync(from, to)
      this.#unsynced.delete(to)
      if (this.#unsynced.delete(from)) this.#unsynced.add(to)
    })
  }

  /** Removes a file, or a folder with all there is in it. */
  remove(path: string): void {
    this.#change('remove', path, () => {
      for (const known of [...this.#open.keys()]) if (isWithin(known, path)) this.#open.delete(known)
      for (const known of this.#unsynced) if (isWithin(known, path)) this.#unsynced.delete(known)
      rmSync(path, { recursive: true, force: true })
    })
  }

  makeFolder(path: string): void {
    this.#change('make', path, () => void mkdirSync(path, { recursive: true }))
  }

  /** Names in a folder, sorted; none when there is no such folder. */
  list(path: string): string[] {
    return this.#attempt('list', path, () => {
      try {
        return readdirSync(path).sort()
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return []
        throw error
      }
    })
  }

  /** Returns when a power cut cannot take the file's bytes any more. */
  sync(path: string): void {
    this.#change('sync', path, () => {
      fdatasyncSync(this.#fd(path))
      this.#unsynced.delete(path)
    })
  }

  /** The same for the names in a folder, where the system can do that. */
  syncFolder(path: string): void {
    this.#change('sync', path, () => {
      if (process.platform === 'win32') return
      const fd = openSync(path, 'r')
      try {
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
    })
  }

  /** Syncs what has been written since the last time, without making anyone wait. */
  async flush(): Promise<void> {
    const paths = [...this.#unsynced]
    this.#unsynced.clear()
    for (const path of paths) {
      try {
        const file = await open(path, 'r+')
        await file.datasync().finally(() => file.close())
      } catch (error) {
        // Renamed or removed since: whoever did that has seen to the bytes.
        if (!hasCode(error, 'ENOENT')) this.#fail(new DataFolderFailed(path, 'sync', error))
      }
    }
  }

  close(): void {
    try {
      if (this.#failure === null) for (const path of [...this.#unsynced]) this.sync(path)
    } finally {
      this.#open.clear()
    }
  }

  #fd(path: string, flags = 0): number {
    const known = this.#open.get(path)
    if (known !== undefined) return known
    const fd = openSync(path, constants.O_RDWR | flags, 0o600)
    this.#open.set(path, fd)
    return fd
  }

  #change(operation: string, path: string, work: () => void): void {
    if (this.#failure !== null) throw this.#failure
    this.#attempt(operation, path, work)
  }

  #attempt<T>(operation: string, path: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw this.#fail(new DataFolderFailed(path, operation, error))
    }
  }

  #fail(error: DataFolderFailed): DataFolderFailed {
    if (this.#failure === null) {
      this.#failure = error
      this.#onFailure(error)
    }
    return error
  }
}

function withoutHead(buffers: readonly Buffer[], count: number): Buffer[] {
  let left = count
  return buffers.flatMap((buffer) => {
    const skipped = Math.min(left, buffer.length)
    left -= skipped
    return skipped === buffer.length ? [] : [buffer.subarray(skipped)]
  })
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}
