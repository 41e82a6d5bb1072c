import type { BatchHeader } from './record-batch.ts'

/** A batch in the log. The bytes never change after the append; compaction replaces the whole entry. */
export interface StoredBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly bytes: Buffer
  readonly header: BatchHeader
  /** Set when compaction first passes a batch with tombstones, or an empty transaction's marker: until then they stay. */
  readonly deleteHorizon_ms?: number
}

/** Where a partition keeps its batches, in offset order. A store on disk implements the same. */
export interface BatchStore {
  readonly length: number
  readonly size_bytes: number
  at(index: number): StoredBatch
  append(batch: StoredBatch): void
  /** Removes the batches in front of the index `keepFrom`. */
  dropHead(keepFrom: number): void
  replaceAll(batches: readonly StoredBatch[]): void
}

/** Batches in memory: gone with the process. */
export class MemoryBatchStore implements BatchStore {
  #batches: StoredBatch[] = []
  #size_bytes = 0

  get length(): number {
    return this.#batches.length
  }

  get size_bytes(): number {
    return this.#size_bytes
  }

  at(index: number): StoredBatch {
    const batch = this.#batches[index]
    if (batch === undefined) throw new RangeError(`batch ${index} of ${this.#batches.length}`)
    return batch
  }

  append(batch: StoredBatch): void {
    this.#batches.push(batch)
    this.#size_bytes += batch.bytes.length
  }

  dropHead(keepFrom: number): void {
    this.replaceAll(this.#batches.slice(keepFrom))
  }

  replaceAll(batches: readonly StoredBatch[]): void {
    this.#batches = [...batches]
    this.#size_bytes = this.#batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
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
