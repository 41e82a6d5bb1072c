import { join } from 'node:path'
import type { BatchStore, LogSummary, StoredBatch } from '../log/batch-store.ts'
import type { Disk } from './disk.ts'
import { DamagedFile } from './errors.ts'
import { Segment, type SegmentBatch } from './segment.ts'

// Retention frees disk by whole files, and the file at the end is the only one that is read with care after a crash.
const SEGMENT_BYTES_MAX = 16 * 1024 * 1024
const OFFSET_DIGITS = 20

export interface SegmentStoreOptions {
  readonly disk: Disk
  readonly folder: string
  /** Told of a torn last write. */
  readonly log: (line: string) => void
  /** @default 16 MiB */
  readonly segmentBytes_max?: number
}

/**
 * The batches of one partition in a folder of segment files, each named by its first offset. Files are appended to and
 * removed. Compaction writes `<base>-<end>.clean`, syncs it, and renames it to `.swap`: from that moment it stands for all
 * files with offsets below its end, which go, and then it takes the name of the first.
 */
export class SegmentStore implements BatchStore {
  readonly #disk: Disk
  readonly #folder: string
  readonly #segmentBytes_max: number
  #batches: SegmentBatch[] = []
  #segments: Segment[] = []
  #size_bytes = 0
  #summary: LogSummary | null = null

  /** Reads the folder, which need not be there yet. Throws DamagedFile. */
  constructor({ disk, folder, log, segmentBytes_max = SEGMENT_BYTES_MAX }: SegmentStoreOptions) {
    this.#disk = disk
    this.#folder = folder
    this.#segmentBytes_max = segmentBytes_max
    this.#load(log)
  }

  get length(): number {
    return this.#batches.length
  }

  get size_bytes(): number {
    return this.#size_bytes
  }

  get summary(): LogSummary | null {
    return this.#summary
  }

  at(index: number): StoredBatch {
    const batch = this.#batches[index]
    if (batch === undefined) throw new RangeError(`batch ${index} of ${this.#batches.length}`)
    return batch
  }

  append(batch: StoredBatch): void {
    const active = this.#segments.at(-1)
    // Full of summaries alone, the file at the end already has the name that the next one would get.
    const mayStay =
      active !== undefined && (active.size_bytes < this.#segmentBytes_max || active.baseOffset === batch.baseOffset)
    this.#push((mayStay ? active : this.#roll(batch.baseOffset)).append(batch))
  }

  dropHead(keepFrom: number, summary: LogSummary): void {
    this.#summarise(summary, keepFrom >= this.#batches.length)
    this.#forgetHead(keepFrom)
  }

  replaceAll(batches: readonly StoredBatch[], summary: LogSummary): void {
    const [first] = this.#segments
    if (first === undefined || batches.length === 0) {
      this.dropHead(this.#batches.length, summary)
      return
    }
    const range = `${digits(first.baseOffset)}-${digits(summary.endOffset)}`
    const merged = new Segment(this.#disk, join(this.#folder, `${range}.clean`), first.baseOffset)
    const replaced = batches.map((batch) => merged.append(batch))
    merged.sync()
    this.#summarise(summary, true)
    const active = this.#segments.at(-1)
    merged.rename(join(this.#folder, `${range}.swap`))
    this.#disk.syncFolder(this.#folder)
    for (const segment of this.#segments) if (segment !== active) segment.remove()
    merged.rename(this.#pathOf(first.baseOffset))
    this.#disk.syncFolder(this.#folder)
    this.#segments = active === undefined ? [merged] : [merged, active]
    this.#batches = []
    this.#size_bytes = 0
    for (const batch of replaced) this.#push(batch)
  }

  /** Writes what must outlive the batches that are about to go, at the end of the log or in a file of its own there. */
  #summarise(summary: LogSummary, inNewSegment: boolean): void {
    const active = this.#segments.at(-1)
    const mayStay = active !== undefined && (!inNewSegment || active.baseOffset === summary.endOffset)
    const segment = mayStay ? active : this.#roll(summary.endOffset)
    segment.appendSummary(summary)
    segment.sync()
    this.#disk.syncFolder(this.#folder)
    this.#summary = summary
  }

  /** Takes the batches in front of `keepFrom` out of memory, and the files in which nothing is left from the disk. */
  #forgetHead(keepFrom: number): void {
    for (const batch of this.#batches.slice(0, keepFrom)) this.#size_bytes -= batch.header.size_bytes
    this.#batches = this.#batches.slice(keepFrom)
    const firstKept = this.#batches[0]?.segment ?? this.#segments.at(-1)
    while (this.#segments[0] !== firstKept) this.#segments.shift()?.remove()
  }

  #push(batch: SegmentBatch): void {
    this.#batches.push(batch)
    this.#size_bytes += batch.header.size_bytes
  }

  #roll(baseOffset: number): Segment {
    // A file that another one follows is whole; only the last may end in a torn write.
    this.#segments.at(-1)?.sync()
    if (this.#segments.length === 0) this.#disk.makeFolder(this.#folder)
    const segment = new Segment(this.#disk, this.#pathOf(baseOffset), baseOffset)
    this.#segments.push(segment)
    return segment
  }

  #load(log: (line: string) => void): void {
    this.#finishSwap()
    const names = this.#disk.list(this.#folder).filter((name) => /^\d{20}\.log$/.test(name))
    this.#segments = names.map((name) => new Segment(this.#disk, join(this.#folder, name), Number(name.slice(0, 20))))
    let end: number | null = null
    for (const segment of this.#segments) {
      const isLast = segment === this.#segments.at(-1)
      const { batches, summary } = segment.load(isLast ? log : null)
      if (end !== null && end !== segment.baseOffset) {
        throw new DamagedFile(
          segment.path,
          0,
          `the log continues at offset ${segment.baseOffset} after ${end}; a file is missing`,
        )
      }
      end = segment.baseOffset
      for (const batch of batches) {
        if (batch.baseOffset < end)
          throw new DamagedFile(segment.path, 0, `offset ${batch.baseOffset} comes after ${end - 1}`)
        end = batch.lastOffset + 1
        this.#push(batch)
      }
      this.#summary = summary ?? this.#summary
    }
    const startOffset = this.#summary?.startOffset ?? 0
    const [first] = this.#segments
    if (first !== undefined && first.baseOffset > startOffset) {
      throw new DamagedFile(
        first.path,
        0,
        `the log begins at offset ${first.baseOffset}, not ${startOffset}; a file is missing`,
      )
    }
    const keepFrom = this.#batches.findIndex((batch) => batch.lastOffset >= startOffset)
    this.#forgetHead(keepFrom < 0 ? this.#batches.length : keepFrom)
  }

  /** A compaction that was cut short is undone when its file was not complete, and carried out when it was. */
  #finishSwap(): void {
    for (const name of this.#disk.list(this.#folder)) {
      const path = join(this.#folder, name)
      if (name.endsWith('.clean')) this.#disk.remove(path)
      const [, base, end] = /^(\d{20})-(\d{20})\.swap$/.exec(name) ?? []
      if (base === undefined || end === undefined) continue
      for (const other of this.#disk.list(this.#folder)) {
        if (other.endsWith('.log') && other.slice(0, OFFSET_DIGITS) < end) this.#disk.remove(join(this.#folder, other))
      }
      this.#disk.rename(path, this.#pathOf(Number(base)))
      this.#disk.syncFolder(this.#folder)
    }
  }

  #pathOf(baseOffset: number): string {
    return join(this.#folder, `${digits(baseOffset)}.log`)
  }
}

/** Offsets in file names sort as text. */
function digits(offset: number): string {
  return String(offset).padStart(OFFSET_DIGITS, '0')
}
