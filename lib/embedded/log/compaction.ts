import { readHeader } from '../../wire/batch-header.ts'
import type { StoredBatch } from './batch-store.ts'
import { replaceRecords } from './record-batch.ts'
import { deflateRecords, inflateRecords, RecordCursor } from './records.ts'

export interface CompactionPolicy {
  /** `delete.retention.ms`: how long a tombstone, or the marker of an emptied transaction, outlives its first cleaning. */
  readonly deleteRetention_ms: number
  /** `min.compaction.lag.ms`: records younger than this are left alone. */
  readonly compactionLag_min_ms: number
  /** `min.cleanable.dirty.ratio`: the share of new bytes from which a cleaning by the clock is worth it. */
  readonly dirtyRatio_min: number
}

export interface CompactionInput {
  readonly batches: readonly StoredBatch[]
  readonly aborted: readonly { producerId: number; firstOffset: number; lastOffset: number }[]
  /** The last stable offset: nothing at or after it is touched. */
  readonly end: number
  readonly policy: CompactionPolicy
  readonly now_ms: number
}

export interface CompactionResult {
  readonly batches: readonly StoredBatch[]
  readonly hasChanged: boolean
  readonly recordsRemoved: number
  /** Offsets of the transaction markers that went with the last of their records. */
  readonly markersRemoved: readonly number[]
}

// So little that nobody who waits meanwhile notices.
const STEP_BYTES = 512 << 10

/**
 * Log compaction as Kafka's LogCleaner does it: the last record of every key stays, a tombstone stays for
 * delete.retention.ms after it was first passed, records of aborted transactions go, a marker goes only when its
 * transaction has no record left, and offsets never change. The newest batch always keeps its last record, so that a
 * reader can reach the end. Kafka spares the active segment; here everything below `end` is cleaned. Yields now and then:
 * whoever serves clients as well answers them meanwhile.
 */
export function* compactBatches(input: CompactionInput): Generator<void, CompactionResult> {
  const eligible = eligibleCount(input)
  const isAborted = abortedLookup(input.aborted)
  const latest = yield* latestOffsets(input.batches.slice(0, eligible), isAborted)
  const newestOffset = input.batches.at(-1)?.lastOffset ?? -1

  const kept: StoredBatch[] = []
  const markersRemoved: number[] = []
  /** Producers with records kept since their last marker: their next marker must stay. */
  const withRecords = new Set<number>()
  let hasChanged = false
  let recordsRemoved = 0
  const pace = new Pace()
  for (const [index, batch] of input.batches.entries()) {
    if (pace.isStepDone(batch)) yield
    if (index >= eligible) {
      kept.push(batch)
      continue
    }
    if (batch.header.isControl) {
      const mayGo = !withRecords.delete(batch.header.producerId) && batch.lastOffset !== newestOffset
      const marker = mayGo ? expire(batch, input) : batch
      if (marker === null) markersRemoved.push(batch.baseOffset)
      else kept.push(marker)
      hasChanged ||= marker !== batch
      continue
    }
    const cleaned = cleanBatch(batch, { input, latest, newestOffset, isAborted: isAborted(batch) })
    if (cleaned.batch !== null) {
      kept.push(cleaned.batch)
      if (batch.header.isTransactional) withRecords.add(batch.header.producerId)
    }
    recordsRemoved += cleaned.removed
    hasChanged ||= cleaned.batch !== batch
  }
  return { batches: kept, hasChanged, recordsRemoved, markersRemoved }
}

function eligibleCount({ batches, end, policy, now_ms }: CompactionInput): number {
  const first = batches.findIndex(
    (batch) => batch.lastOffset >= end || now_ms - batch.header.maxTimestamp_ms < policy.compactionLag_min_ms,
  )
  return first < 0 ? batches.length : first
}

function abortedLookup(aborted: CompactionInput['aborted']): (batch: StoredBatch) => boolean {
  const byProducer = new Map<number, { firstOffset: number; lastOffset: number }[]>()
  for (const transaction of aborted) {
    const known = byProducer.get(transaction.producerId)
    if (known) known.push(transaction)
    else byProducer.set(transaction.producerId, [transaction])
  }
  return ({ header, baseOffset }) =>
    header.isTransactional &&
    (byProducer.get(header.producerId) ?? []).some(
      ({ firstOffset, lastOffset }) => baseOffset >= firstOffset && baseOffset < lastOffset,
    )
}

function* latestOffsets(
  batches: readonly StoredBatch[],
  isAborted: (batch: StoredBatch) => boolean,
): Generator<void, ReadonlyMap<string, number>> {
  const latest = new Map<string, number>()
  const pace = new Pace()
  for (const batch of batches) {
    if (pace.isStepDone(batch)) yield
    if (batch.header.isControl || isAborted(batch)) continue
    const cursor = new RecordCursor(inflateRecords(batch.bytes, batch.header.codec))
    while (cursor.next()) {
      const key = cursor.key()
      if (key !== null) latest.set(key, batch.baseOffset + cursor.offsetDelta)
    }
  }
  return latest
}

/** Counts what has been looked through since the last step. */
class Pace {
  private since_bytes = 0

  isStepDone({ header }: StoredBatch): boolean {
    this.since_bytes += header.size_bytes
    if (this.since_bytes < STEP_BYTES) return false
    this.since_bytes = 0
    return true
  }
}

function cleanBatch(
  batch: StoredBatch,
  context: {
    input: CompactionInput
    latest: ReadonlyMap<string, number>
    newestOffset: number
    isAborted: boolean
  },
): { batch: StoredBatch | null; removed: number } {
  const { input, latest, newestOffset } = context
  const tombstonesMayGo = batch.deleteHorizon_ms !== undefined && input.now_ms >= batch.deleteHorizon_ms
  const stored = batch.bytes
  const body = inflateRecords(stored, batch.header.codec)
  const cursor = new RecordCursor(body)
  const spans: Buffer[] = []
  let removed = 0
  let hasTombstone = false
  while (cursor.next()) {
    const offset = batch.baseOffset + cursor.offsetDelta
    const key = cursor.key()
    const isTombstone = cursor.valueLength < 0
    // A record without key can only be older than the topic's policy; Kafka's cleaner drops it too.
    const isLatest = !context.isAborted && key !== null && latest.get(key) === offset
    if (offset === newestOffset || (isLatest && !(isTombstone && tombstonesMayGo))) {
      spans.push(body.subarray(cursor.start, cursor.end))
      hasTombstone ||= isTombstone
    } else {
      removed += 1
    }
  }
  if (spans.length === 0) return { batch: null, removed }
  const needsHorizon = hasTombstone && batch.deleteHorizon_ms === undefined
  if (removed === 0 && !needsHorizon) return { batch, removed }
  const { codec } = batch.header
  const bytes =
    removed === 0 ? stored : replaceRecords(stored, deflateRecords(Buffer.concat(spans), codec), spans.length)
  const horizon_ms = needsHorizon ? input.now_ms + input.policy.deleteRetention_ms : batch.deleteHorizon_ms
  return { batch: changed(batch, bytes, horizon_ms), removed }
}

function changed({ baseOffset, lastOffset }: StoredBatch, bytes: Buffer, deleteHorizon_ms?: number): StoredBatch {
  return {
    baseOffset,
    lastOffset,
    bytes,
    header: readHeader(bytes),
    ...(deleteHorizon_ms !== undefined && { deleteHorizon_ms }),
  }
}

/** Gives a batch its delete horizon when it has none yet; null once that has passed. */
function expire(batch: StoredBatch, { now_ms, policy }: CompactionInput): StoredBatch | null {
  if (batch.deleteHorizon_ms === undefined) return changed(batch, batch.bytes, now_ms + policy.deleteRetention_ms)
  return now_ms >= batch.deleteHorizon_ms ? null : batch
}
