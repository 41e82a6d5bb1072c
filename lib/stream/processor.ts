import type { TopicName } from '../../schemas/topics.ts'
import type { Request } from '../../schemas/types.ts'
import type { TopicValue, TopicValues } from '../../schemas/values.ts'

/** The records of one closed hop, as a set. */
export interface HopInput {
  readonly hop: number
  /** First moment after the hop, ms since the epoch. */
  readonly end_ms: number
  /**
   * Values by input topic. Only the order of one writer's records (hop inputs) or of one key's records (tables) means
   * anything; whatever else the result could depend on, the processor sorts.
   */
  readonly records: { readonly [Topic in Exclude<TopicName, 'requests'>]?: readonly TopicValues[Topic][] } & {
    readonly requests?: SourceRecords<Request>
  }
  /** Places in the source's values of those that came behind the cut of their own hop and were moved into this one. */
  readonly late: ReadonlySet<number>
}

/**
 * The source values of a hop. There may be hundreds of thousands, so they wait as bytes where they can: `at` reads a value
 * anew each time, and what it gave is best let go before the next account's.
 */
export interface SourceRecords<Value> extends Iterable<Value> {
  readonly length: number
  /** The value in a place from 0 to `length` - 1. */
  at(place: number): Value | undefined
  /** Places by account, in the order in which accounts and records came. */
  byAccount(): ReadonlyMap<string, readonly number[]>
}

/** One record to emit. */
export interface Output<Topic extends TopicName = TopicName> {
  readonly topic: Topic
  readonly key: string
  /** Null: the partitioner decides by key. */
  readonly partition: number | null
  /** Null: a tombstone. */
  readonly value: TopicValues[Topic] | null
}

/** One change of state, as the changelog records it. Null: the entry is gone. */
export interface ChangelogEntry {
  readonly key: string
  readonly value: TopicValue | null
}

/** A part of a processor, such as one detector, that failed while the rest went on. Nothing in it is of an account. */
export interface Failure {
  readonly part: string
  /** Class of the first error, its message, and the file, line and column that threw it. */
  readonly error: string
  readonly message: string
  readonly where: string | null
  /** Errors of this part. */
  readonly count: number
}

/**
 * The processing of one task of one stage. Pure: what it emits is a function of its state and of the set of records in
 * the hop. It reads no clock, no random source, no network, and does not depend on where a batch ended or on the
 * order of a map. A thrown error is a programming error and stops the process.
 */
export interface Processor {
  /** Closes one hop: updates the state and returns what to emit, in the order to emit it. */
  process(hop: HopInput): Output[]
  /** State changed since the last call, each key once. The shell commits it with the outputs of the same hops. */
  drainChanges(): ChangelogEntry[]
  /** Takes back one entry that `drainChanges` once returned; the last one of a key counts. Only before the first `process`. */
  restore(entry: ChangelogEntry): void
  /** Called once after the last `restore`. */
  restored(): void
  /** What failed and was survived since the last call. A processor can not log: the shell says it, once per hop and part. */
  drainFailures?(): Failure[]
  /**
   * Counts since the start of the process, for metrics and the demo's table. Names end in their unit. `accounts` is how many
   * the state holds, from the first `restore` on.
   */
  counters(): Readonly<Record<string, number>>
}

/** Which task this is. Tasks are as many as the partitions of the stage's inputs, or one for a global stage. */
export interface TaskContext {
  readonly task: number
  /** Partition count of the partitioned topics. */
  readonly partitions: number
  readonly hop_ms: number
}
