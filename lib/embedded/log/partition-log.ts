import { type BatchHeader, NO_PRODUCER_ID, readHeader } from '../../wire/batch-header.ts'
import { Refused } from '../errors.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { type BatchStore, indexOfOffset, type LogSummary, MemoryBatchStore, type StoredBatch } from './batch-store.ts'
import { type CompactionPolicy, compactBatches } from './compaction.ts'
import type { IncomingBatch } from './incoming-batch.ts'
import { ProducerSequences } from './producer-sequences.ts'
import { encodeMarker, isCommitMarker, stampOffset } from './record-batch.ts'
import { inflateRecords, RecordCursor } from './records.ts'
import { type RetentionPolicy, retainedFrom } from './retention.ts'

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the abort marker. */
  readonly lastOffset: number
}

export interface ReadResult {
  readonly buffers: readonly Buffer[]
  readonly size_bytes: number
  /** Null when the reader did not ask for read_committed. */
  readonly aborted: readonly AbortedTransaction[] | null
}

export interface ReadLimits {
  readonly bytes_max: number
  readonly isReadCommitted: boolean
  /** Return the first batch even where it is larger than bytes_max, so that a reader always gets on. */
  readonly atLeastOneBatch: boolean
}

/** Where a partition belongs; the id is its topic's. */
export interface PartitionIdentity {
  readonly topicId: string
  readonly index: number
}

export const EMPTY_READ: ReadResult = { buffers: [], size_bytes: 0, aborted: null }

/**
 * One partition: batches by offset, who may write next, which transactions are open and which were aborted. With a
 * single replica the high watermark is the log's end. Listeners hear of every change that can satisfy a waiting fetch.
 */
export class PartitionLog {
  readonly identity: PartitionIdentity
  readonly #store: BatchStore
  readonly #sequences = new ProducerSequences()
  /** First offset of every open transaction, by producer id. */
  readonly #open = new Map<number, number>()
  readonly #listeners = new Set<() => void>()
  #aborted: AbortedTransaction[] = []
  #cleaned_bytes = 0
  /** How often batches have gone: a compaction that sees another one happen meanwhile has looked at what is no longer there. */
  #removals = 0
  #startOffset = 0
  #endOffset = 0

  /** Takes up the log where the store has it: what is known about producers and transactions is read off the batches. */
  constructor(store: BatchStore = new MemoryBatchStore(), identity: PartitionIdentity = { topicId: '', index: 0 }) {
    this.identity = identity
    this.#store = store
    const { startOffset = 0, endOffset = 0, producers = [] } = store.summary ?? {}
    this.#startOffset = startOffset
    this.#sequences.restore(producers)
    for (let index = 0; index < store.length; index++) this.#takeUp(store.at(index), endOffset)
    this.#endOffset = Math.max(this.#endOffset, endOffset)
  }

  /** First offset that can be read. */
  get startOffset(): number {
    return this.#startOffset
  }

  /** Offset of the next record. */
  get endOffset(): number {
    return this.#endOffset
  }

  /** First offset that an open transaction may still take back; readers of committed records stop here. */
  get lastStableOffset(): number {
    let offset = this.#endOffset
    for (const first of this.#open.values()) offset = Math.min(offset, first)
    return offset
  }

  get size_bytes(): number {
    return this.#store.size_bytes
  }

  /** Producers with a transaction that has not ended on this partition, with their epochs. */
  get openTransactions(): { producerId: number; epoch: number }[] {
    return [...this.#open.keys()].map((producerId) => ({ producerId, epoch: this.#sequences.epochOf(producerId) ?? 0 }))
  }

  hasOpenTransaction(producerId: number): boolean {
    return this.#open.has(producerId)
  }

  /** Appends; returns the base offset, the original one for a repeat. Throws Refused on sequence and epoch faults. */
  append(batch: IncomingBatch): number {
    const { header, bytes } = batch
    if (header.producerId === NO_PRODUCER_ID) return this.#put(bytes, header)
    if (!header.isTransactional && this.#open.has(header.producerId)) {
      throw new Refused(ErrorCode.INVALID_TXN_STATE, `producer ${header.producerId} has an open transaction here`)
    }
    const repeatedAt = this.#sequences.check(header)
    if (repeatedAt !== null) return repeatedAt
    return this.#put(bytes, header)
  }

  /** Ends a producer's transaction on this partition with a control batch. */
  appendMarker(marker: { producerId: number; producerEpoch: number; isCommit: boolean; time_ms: number }): void {
    const bytes = encodeMarker(marker)
    this.#put(bytes, readHeader(bytes))
  }

  /** Whole batches from the one that holds `offset`. Throws Refused (OFFSET_OUT_OF_RANGE). */
  read(offset: number, limits: ReadLimits): ReadResult {
    if (offset < this.#startOffset || offset > this.#endOffset) {
      throw new Refused(ErrorCode.OFFSET_OUT_OF_RANGE, `${offset} is not in ${this.#startOffset}..${this.#endOffset}`)
    }
    const end = limits.isReadCommitted ? this.lastStableOffset : this.#endOffset
    const buffers: Buffer[] = []
    let size_bytes = 0
    let lastOffset = offset
    for (let index = indexOfOffset(this.#store, offset); index < this.#store.length; index++) {
      const batch = this.#store.at(index)
      if (batch.baseOffset >= end) break
      const isFirst = buffers.length === 0 && limits.atLeastOneBatch
      if (!isFirst && size_bytes + batch.header.size_bytes > limits.bytes_max) break
      buffers.push(batch.bytes)
      size_bytes += batch.header.size_bytes
      lastOffset = batch.lastOffset
    }
    return { buffers, size_bytes, aborted: limits.isReadCommitted ? this.#abortedWithin(offset, lastOffset) : null }
  }

  /** The earliest record at or after the log's start whose time is at or after `time_ms`, below `end`. */
  findByTime(time_ms: number, end: number): { offset: number; timestamp_ms: number } | null {
    for (let index = indexOfOffset(this.#store, this.#startOffset); index < this.#store.length; index++) {
      const batch = this.#store.at(index)
      if (batch.baseOffset >= end) return null
      if (batch.header.maxTimestamp_ms < time_ms) continue
      const found = findRecord(batch, this.#startOffset, time_ms)
      if (found !== null) return found.offset < end ? found : null
    }
    return null
  }

  /** Moves the log's start forward, to the end for -1. Returns the new start. Throws Refused (OFFSET_OUT_OF_RANGE). */
  deleteRecordsBefore(offset: number): number {
    const target = offset === -1 ? this.#endOffset : offset
    if (target < 0 || target > this.#endOffset) {
      throw new Refused(ErrorCode.OFFSET_OUT_OF_RANGE, `${offset} is not in 0..${this.#endOffset}`)
    }
    this.#advanceStart(target)
    return this.#startOffset
  }

  /** The share of the log that was appended since the last compaction. */
  get dirtyRatio(): number {
    return this.size_bytes === 0 ? 0 : Math.max(0, this.size_bytes - this.#cleaned_bytes) / this.size_bytes
  }

  /** Removes superseded records below the last stable offset. Returns how many records went. */
  compact(policy: CompactionPolicy, now_ms: number): number {
    let removed = 0
    for (const records of this.compacting(policy, now_ms)) removed += records
    return removed
  }

  /**
   * The same in steps, between which others may append and read; with each, how many records went. Nothing changes before the last
   * step, and nothing at all when batches went in another way meanwhile.
   */
  *compacting(policy: CompactionPolicy, now_ms: number): Generator<number> {
    const removals = this.#removals
    const batches = this.#batchesFrom(0)
    const compaction = compactBatches({ batches, aborted: this.#aborted, end: this.lastStableOffset, policy, now_ms })
    let step = compaction.next()
    while (!step.done) {
      yield 0
      // A store on disk could no longer read what it is looking at.
      if (this.#removals !== removals) return
      step = compaction.next()
    }
    const result = step.value
    const appended = this.#batchesFrom(batches.length)
    if (result.hasChanged) {
      this.#removals++
      this.#store.replaceAll([...result.batches, ...appended], this.#summary())
    }
    this.#cleaned_bytes = this.size_bytes - appended.reduce((sum, { header }) => sum + header.size_bytes, 0)
    // A list entry without its marker would make readers drop the producer's later, committed records.
    const gone = new Set(result.markersRemoved)
    this.#aborted = this.#aborted.filter((transaction) => !gone.has(transaction.lastOffset))
    yield result.recordsRemoved
  }

  /** Drops whole batches from the head that are too old or too much, never beyond the last stable offset. */
  applyRetention(policy: RetentionPolicy, now_ms: number): void {
    const keepFrom = retainedFrom(this.#store, this.lastStableOffset, policy, now_ms)
    if (keepFrom === 0) return
    this.#advanceStart(keepFrom < this.#store.length ? this.#store.at(keepFrom).baseOffset : this.#endOffset)
  }

  /** Calls `listener` on every append and marker until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Wakes the waiting fetches of a partition that is being deleted. */
  wake(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #put(bytes: Buffer, header: BatchHeader): number {
    const baseOffset = this.#endOffset
    const lastOffset = baseOffset + header.lastOffsetDelta
    stampOffset(bytes, baseOffset)
    const batch = { baseOffset, lastOffset, bytes, header }
    this.#store.append(batch)
    this.#takeUp(batch, 0)
    this.wake()
    return baseOffset
  }

  /** What a batch says about producers and transactions; about sequences only from `sequencesFrom` on. */
  #takeUp(batch: StoredBatch, sequencesFrom: number): void {
    const { header, baseOffset, lastOffset } = batch
    this.#endOffset = lastOffset + 1
    const { producerId, producerEpoch } = header
    if (producerId === NO_PRODUCER_ID) return
    const knowsSequence = baseOffset < sequencesFrom
    if (header.isControl) {
      const firstOffset = this.#open.get(producerId)
      this.#open.delete(producerId)
      if (firstOffset !== undefined && !isCommitMarker(batch.bytes)) {
        this.#aborted.push({ producerId, firstOffset, lastOffset: baseOffset })
      }
      if (!knowsSequence) this.#sequences.marked(producerId, producerEpoch)
      return
    }
    if (header.isTransactional && !this.#open.has(producerId)) this.#open.set(producerId, baseOffset)
    if (!knowsSequence) this.#sequences.appended(header, baseOffset)
  }

  #summary(): LogSummary {
    return { startOffset: this.#startOffset, endOffset: this.#endOffset, producers: this.#sequences.rows() }
  }

  #batchesFrom(first: number): StoredBatch[] {
    return Array.from({ length: this.#store.length - first }, (_, index) => this.#store.at(first + index))
  }

  #advanceStart(offset: number): void {
    if (offset <= this.#startOffset) return
    this.#removals++
    this.#startOffset = offset
    this.#store.dropHead(indexOfOffset(this.#store, offset), this.#summary())
    this.#aborted = this.#aborted.filter((transaction) => transaction.lastOffset >= offset)
  }

  /** In the order in which they ended, as Kafka keeps them; readers sort. */
  #abortedWithin(from: number, to: number): AbortedTransaction[] {
    return this.#aborted.filter((transaction) => transaction.lastOffset >= from && transaction.firstOffset <= to)
  }
}

function findRecord(
  batch: StoredBatch,
  from: number,
  time_ms: number,
): { offset: number; timestamp_ms: number } | null {
  const { header } = batch
  const cursor = new RecordCursor(inflateRecords(batch.bytes, header.codec))
  while (cursor.next()) {
    const offset = batch.baseOffset + cursor.offsetDelta
    const timestamp_ms = header.isLogAppendTime
      ? header.maxTimestamp_ms
      : header.baseTimestamp_ms + cursor.timestampDelta_ms
    if (offset >= from && timestamp_ms >= time_ms) return { offset, timestamp_ms }
  }
  return null
}
