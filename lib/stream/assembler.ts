import type { TopicName } from '../../schemas/topics.ts'
import type { Position } from '../../schemas/types.ts'
import type { HopInput } from './processor.ts'
import type { InputRecord, RejectedRecord } from './record.ts'

/** Hop of a position that was committed before the first hop was. Hops are counted from the epoch, so none has it. */
export const NO_HOP = -1

/** Where a task stands, without the length of the hops: that is for the shell to note. */
export type HopPosition = Omit<Position, 'hop_ms'>

/** One complete hop, with the input that had to be rejected on the way to it. */
export interface TakenHop {
  readonly input: HopInput
  readonly rejected: readonly RejectedRecord[]
}

/**
 * Puts the records of a task's inputs together into closed hops. Pure: the shell offers records as it reads them, takes
 * hops as they become complete, and commits `position()` with what the hops produced.
 */
export interface HopAssembler {
  /** Adds one record; each partition is offered in offset order. */
  offer(record: InputRecord): void
  /** The next complete hop, in order and without gaps; null while none is complete. Call only when the tables are read up. */
  take(): TakenHop | null
  /** True when `take` would return a hop. */
  ready(): boolean
  /** Input that had to be rejected since the last hop, for when it becomes too much to wait for the next one. */
  takeRejected(): RejectedRecord[]
  /** What the rejected input that waits takes in memory, bytes. */
  rejected_bytes(): number
  /**
   * Where to continue after everything taken so far has been committed; its hop is NO_HOP when only rejected input was.
   * Null when nothing was.
   */
  position(): HopPosition | null
  /** Continues behind a committed position. Before the first `offer`. */
  resume(position: HopPosition): void
  /** Inputs that run so far ahead of the next hop that they should be paused rather than buffered. */
  aheadPartitions(): { topic: string; partition: number }[]
  /** Records held for hops that are not complete. */
  buffered(): number
  /** What the next hop still needs; empty when it is complete, even where a gate holds it back. */
  missing(): MissingPart[]
}

/** Something that must come before the next hop of a task is complete. */
export interface MissingPart {
  readonly topic: TopicName
  readonly partition: number
  /** The task that has not closed the hop; null on a source: records, a marker or a silence. */
  readonly writer: number | null
}
