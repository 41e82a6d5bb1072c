import { dirname } from 'node:path'
import { z } from 'zod'
import type { Disk } from './disk.ts'
import { DamagedFile } from './errors.ts'
import type { Frame } from './frame.ts'
import { FrameFile } from './frame-file.ts'
import { parseJson } from './json.ts'
import { type Change, MemoryTables, type Tables } from './tables.ts'

const CHANGES_FRAME = 1

// A journal this small is not worth writing anew, however many of its rows are superseded. 1 MiB reads in 10 ms.
const REWRITE_BYTES_MIN = 1 << 20
/** Rewritten when it has this many times the bytes of its rows. */
const REWRITE_RATIO = 4
const ROWS_PER_FRAME = 1_000

const changesBody = z.array(
  z.object({ table: z.string(), key: z.string(), row: z.record(z.string(), z.unknown()).nullable() }),
)

export interface JournalOptions {
  readonly disk: Disk
  readonly path: string
  /** Told of a torn last write. */
  readonly log: (line: string) => void
  /** @default 1 MiB */
  readonly rewriteBytes_min?: number
}

/**
 * Tables on disk: a file to which every change is appended as one frame of JSON. When most of it is superseded, the
 * rows that stand are written to a new file, which takes the place of the old one by its name.
 */
export class Journal implements Tables {
  readonly #disk: Disk
  readonly #path: string
  readonly #rows = new MemoryTables()
  readonly #rewriteBytes_min: number
  #file: FrameFile

  /** Reads the journal; a torn last write is cut off. Throws DamagedFile. */
  constructor({ disk, path, log, rewriteBytes_min = REWRITE_BYTES_MIN }: JournalOptions) {
    this.#disk = disk
    this.#path = path
    this.#rewriteBytes_min = rewriteBytes_min
    disk.remove(newPathOf(path))
    this.#file = new FrameFile(disk, path)
    if (disk.exists(path)) this.#file.load((frame) => this.#rows.write(changesIn(frame, path)), log)
  }

  rows(table: string): { key: string; row: unknown }[] {
    return this.#rows.rows(table)
  }

  write(changes: readonly Change[]): void {
    if (changes.length === 0) return
    append(this.#file, changes)
    this.#rows.write(changes)
    const worth_bytes = Math.max(this.#rewriteBytes_min, REWRITE_RATIO * this.#rows.size_bytes)
    if (this.#file.size_bytes > worth_bytes) this.#rewrite()
  }

  #rewrite(): void {
    const file = new FrameFile(this.#disk, newPathOf(this.#path))
    const rows = this.#rows.all()
    // At least one frame: a file without any would not be there to rename.
    for (let from = 0; from === 0 || from < rows.length; from += ROWS_PER_FRAME) {
      append(file, rows.slice(from, from + ROWS_PER_FRAME))
    }
    file.sync()
    file.rename(this.#path)
    this.#disk.syncFolder(dirname(this.#path))
    this.#file = file
  }
}

function append(file: FrameFile, changes: readonly Change[]): void {
  file.append(CHANGES_FRAME, [Buffer.from(JSON.stringify(changes))])
}

function changesIn({ kind, body, position }: Frame, path: string): readonly Change[] {
  const changes = kind === CHANGES_FRAME ? changesBody.safeParse(parseJson(body.toString('utf8'))) : null
  if (!changes?.success) throw new DamagedFile(path, position, 'a frame is whole and says nothing that is known here')
  return changes.data
}

function newPathOf(path: string): string {
  return `${path}.new`
}
