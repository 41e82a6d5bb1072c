import type { BatchHeader } from '../../wire/batch-header.ts'
import type { ProducerRow } from './producer-sequences.ts'

/** A batch in the log. What it holds never changes after the append; compaction replaces the whole entry. */
export interface StoredBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  /** The whole batch, `header.size_bytes` of it. A store on disk reads it at each look. */
  readonly bytes: Buffer
  readonly header: BatchHeader
  /** Set when compaction first passes a batch with tombstones, or an empty transaction's marker: until then they stay. */
  readonly deleteHorizon_ms?: number
}

/** What the batches alone no longer tell once some of them are gone. */
export interface LogSummary {
  readonly startOffset: number
  readonly endOffset: number
  /** Producers as of endOffset; batches that were appended later come on top. */
  readonly producers: readonly ProducerRow[]
}

/** Where a partition keeps its batches, in offset order. A change is there whole or not at all after a crash. */
export interface BatchStore {
  readonly length: number
  readonly size_bytes: number
  /** The one given with the last change that took batches away; null when there has been none. */
  readonly summary: LogSummary | null
  at(index: number): StoredBatch
  append(batch: StoredBatch): void
  /** Removes the batches in front of the index `keepFrom`. */
  dropHead(keepFrom: number, summary: LogSummary): void
  replaceAll(batches: readonly StoredBatch[], summary: LogSummary): void
}

/** Batches in memory: gone with the process. */
export class MemoryBatchStore implements BatchStore {
  #batches: StoredBatch[] = []
  #size_bytes = 0
  #summary: LogSummary | null = null

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
    this.#batches.push(batch)
    this.#size_bytes += batch.header.size_bytes
  }

  dropHead(keepFrom: number, summary: LogSummary): void {
    this.replaceAll(this.#batches.slice(keepFrom), summary)
  }

  replaceAll(batches: readonly StoredBatch[], summary: LogSummary): void {
    this.#batches = [...batches]
    this.#size_bytes = this.#batches.reduce((sum, batch) => sum + batch.header.size_bytes, 0)
    this.#summary = summary
  }
}

/** Index of the first batch whose last offset is at or after `offset`; the store's length when there is none. */
export function indexOfOffset(store: BatchStore, offset: number): number {
  let low = 0
  let high = store.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (store.at(middle).lastOffset < offset) low = middle + 1
    else high = middle
  }
  return low
}
