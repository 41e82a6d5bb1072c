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
  /** When the broker took it, epoch ms. Absent where there is no broker, or where the producer vouches for its time. */
  readonly taken_ms?: number
  /** On `requests`: the producer promises that nothing older than this will follow, as at the end of a file. */
  readonly watermark_ms: number | null
  /** Set when the bytes could not be decoded: the record is a dead letter in the place where it stands. */
  readonly rejection: Rejection | null
  /** As it came, for a dead letter; its bytes may be a slice of something larger. Null where there is no broker. */
  readonly raw: RawRecord | null
  /** A late record that an operator has sent again: it is taken into the next open hop however late it is. */
  readonly accepts_late?: boolean
  /** How to have the value again from its bytes, so that it need not be kept while it waits. Null: keep the value. */
  readonly packed: PackedValue | null
}

/** A value as bytes that have been read once and are sound. */
export interface PackedValue {
  readonly bytes: Buffer
  /** Reads the value from a copy of the bytes that begins at `at`. */
  readonly read: (bytes: Buffer, at: number) => TopicValue
}

/** A record as a client hands it out. */
export interface RawRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>
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
  readonly kept: KeptRecord | null
  readonly rejection: Rejection
}

/** What a dead letter keeps of the record it is about. */
export interface KeptRecord {
  readonly key: Buffer | null
  /** Null: too large to keep. */
  readonly payload: Buffer | null
  readonly headers: readonly { readonly name: string; readonly value: Buffer }[]
  readonly size_bytes: number
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
