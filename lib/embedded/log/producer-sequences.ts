import type { BatchHeader } from '../../wire/batch-header.ts'
import { Refused } from '../errors.ts'
import { ErrorCode } from '../protocol/error-codes.ts'

/** Kafka remembers the last five batches, the most that a client may have in flight. */
const BATCHES_REMEMBERED = 5
const SEQUENCE_MAX = 0x7fffffff
const NO_SEQUENCE = -1

// Kafka forgets a producer after a day; here the oldest goes when a partition has met this many. ~300 B each, 3 MB.
const PRODUCERS_PER_PARTITION_MAX = 10_000

export interface RememberedBatch {
  readonly baseSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
}

interface ProducerEntry {
  epoch: number
  lastSequence: number
  recent: RememberedBatch[]
}

/** What is known about one producer, in a form to store. */
export interface ProducerRow {
  readonly producerId: number
  readonly epoch: number
  readonly lastSequence: number
  readonly recent: readonly RememberedBatch[]
}

/** What one partition knows about idempotent producers (KIP-98): their epoch and the sequence that comes next. */
export class ProducerSequences {
  readonly #entries = new Map<number, ProducerEntry>()

  /** All producers, the one that was silent the longest first. */
  rows(): ProducerRow[] {
    return [...this.#entries].map(([producerId, entry]) => ({ producerId, ...entry, recent: [...entry.recent] }))
  }

  restore(rows: readonly ProducerRow[]): void {
    this.#entries.clear()
    for (const { producerId, recent, ...rest } of rows) this.#put(producerId, { ...rest, recent: [...recent] })
  }

  /** The current epoch of a producer that wrote here. */
  epochOf(producerId: number): number | undefined {
    return this.#entries.get(producerId)?.epoch
  }

  /**
   * Decides about a produced batch: null to append it, the original base offset when it is a repeat. Throws Refused
   * for a gap in the sequence and for an epoch that has been succeeded.
   */
  check(header: BatchHeader): number | null {
    const entry = this.#entries.get(header.producerId)
    // A producer that this partition has forgotten, or never met, may begin anywhere (KIP-360).
    if (entry === undefined) return null
    if (header.producerEpoch < entry.epoch) {
      throw new Refused(
        ErrorCode.INVALID_PRODUCER_EPOCH,
        `producer ${header.producerId} has epoch ${entry.epoch}, not ${header.producerEpoch}`,
      )
    }
    const isNewEpoch = header.producerEpoch > entry.epoch
    const repeat = isNewEpoch ? undefined : entry.recent.find((batch) => isSameBatch(batch, header))
    if (repeat !== undefined) return repeat.baseOffset
    const expected = isNewEpoch ? 0 : advance(entry.lastSequence, 1)
    if (header.baseSequence !== expected) {
      throw new Refused(
        ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
        `producer ${header.producerId} continues at sequence ${expected}, not ${header.baseSequence}`,
      )
    }
    return null
  }

  /** Remembers a batch that was appended. */
  appended(header: BatchHeader, baseOffset: number): void {
    const known = this.#entries.get(header.producerId)
    const recent = known?.epoch === header.producerEpoch ? known.recent : []
    const lastSequence = lastSequenceOf(header)
    recent.push({ baseSequence: header.baseSequence, lastSequence, baseOffset })
    if (recent.length > BATCHES_REMEMBERED) recent.shift()
    this.#put(header.producerId, { epoch: header.producerEpoch, lastSequence, recent })
  }

  /** A marker with a newer epoch fences the producer's older ones on this partition. */
  marked(producerId: number, epoch: number): void {
    const known = this.#entries.get(producerId)
    if (known !== undefined && known.epoch >= epoch) return
    this.#put(producerId, { epoch, lastSequence: NO_SEQUENCE, recent: [] })
  }

  #put(producerId: number, entry: ProducerEntry): void {
    this.#entries.delete(producerId)
    this.#entries.set(producerId, entry)
    if (this.#entries.size <= PRODUCERS_PER_PARTITION_MAX) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}

function isSameBatch(batch: RememberedBatch, header: BatchHeader): boolean {
  return batch.baseSequence === header.baseSequence && batch.lastSequence === lastSequenceOf(header)
}

function lastSequenceOf(header: BatchHeader): number {
  return advance(header.baseSequence, header.lastOffsetDelta)
}

/** Sequences wrap from 2^31 - 1 to 0. */
function advance(sequence: number, by: number): number {
  const next = sequence + by
  return next > SEQUENCE_MAX ? next - SEQUENCE_MAX - 1 : next
}
