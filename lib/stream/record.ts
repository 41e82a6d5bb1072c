import type { TopicName } from '../../schemas/topics.ts'
import type { TopicValue } from '../../schemas/values.ts'

/** Which hop a record of an internal topic belongs to, and whether its writer closes the hop with it. */
export interface HopHeader {
  readonly hop: number
  /** Task number of the writer. */
  readonly writer: number
  /** True on the writer's last record of this hop for this partition; such a record may have no value. */
  readonly last: boolean
}

/** A record as it was read from one partition of an input. */
export interface InputRecord {
  readonly topic: TopicName
  readonly partition: number
  readonly offset: number
  /** Null: a tombstone, or a record that only carries headers. */
  readonly value: TopicValue | null
  readonly hop: HopHeader | null
  /** On `requests`: the producer promises that nothing older than this will follow, as at the end of a file. */
  readonly watermark_ms: number | null
  /** Set when the bytes could not be decoded: the record is a dead letter in the place where it stands. */
  readonly rejection: Rejection | null
  /** The bytes as they came, for a dead letter. */
  readonly raw: Buffer | null
}

/** What can't be used about one input record, for its dead letter. */
export interface Rejection {
  readonly reason: string
  /** Names fields and types, never values that could be text. */
  readonly detail: string
}

/** A record that can't be used. */
export interface RejectedRecord {
  readonly topic: TopicName
  readonly partition: number
  readonly offset: number
  readonly raw: Buffer | null
  readonly rejection: Rejection
}

/** A record on its way to a topic. */
export interface OutputRecord {
  readonly topic: TopicName
  /** Null: the partitioner decides by key. */
  readonly partition: number | null
  readonly key: string
  readonly value: TopicValue | null
  readonly hop: HopHeader | null
}
