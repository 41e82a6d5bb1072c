import type { KafkaMessage } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { Position } from '../../schemas/types.ts'
import type { TopicValue } from '../../schemas/values.ts'
import type { Codec } from '../avro/codec.ts'
import type { Processor } from '../stream/processor.ts'
import { ChangelogUnreadable } from './errors.ts'
import { POSITION_KEY } from './task-records.ts'

/** How far a restore has come. */
export interface RestoreProgress {
  readonly records: number
  readonly bytes: number
  /** Accounts that the state holds by now, as the processor counts them; null for a stage whose state is not one of accounts. */
  readonly accounts: number | null
  /** Offsets that are still to be read, control records and holes of compaction among them. */
  readonly remaining: number
}

/**
 * Reads one task's changelog back into its processor. Start it at `low` and feed it to `high`. The last record may lie well
 * before `high`: transaction markers take offsets, too, and compaction leaves holes; so the end is reached by position,
 * which `advance` is told, and not by a record.
 */
export class Restore {
  private readonly codec: Codec
  private readonly topic: TopicName
  private readonly partition: number
  private readonly processor: Processor
  private readonly high: number
  private next: number
  /** Where the state stands; null when the changelog says nothing: a new task. */
  position: Position | null = null
  records = 0
  private bytes = 0

  constructor(options: {
    codec: Codec
    topic: TopicName
    partition: number
    processor: Processor
    low: number
    high: number
  }) {
    this.codec = options.codec
    this.topic = options.topic
    this.partition = options.partition
    this.processor = options.processor
    this.next = options.low
    this.high = options.high
  }

  get isComplete(): boolean {
    return this.next >= this.high
  }

  /** Notes the offset to read next. */
  advance(next: number): void {
    this.next = Math.max(this.next, next)
  }

  progress(): RestoreProgress {
    const { records, bytes, processor } = this
    const { accounts = null } = processor.counters()
    return { records, bytes, accounts, remaining: Math.max(0, this.high - this.next) }
  }

  /** Throws ChangelogUnreadable. The codec must be prepared for the message. */
  apply({ key, value: bytes, offset }: KafkaMessage): void {
    this.records += 1
    this.bytes += (key?.length ?? 0) + (bytes?.length ?? 0)
    const name = key?.toString() ?? ''
    const value = bytes === null ? null : this.decode(bytes, Number(offset))
    if (name !== POSITION_KEY) this.processor.restore({ key: name, value })
    else if (value !== null && 'position' in value) this.position = value.position
  }

  private decode(bytes: Buffer, offset: number): TopicValue {
    const { value, rejection } = this.codec.decode(this.topic, bytes)
    if (rejection === null) return value
    throw new ChangelogUnreadable({ topic: this.topic, partition: this.partition, offset, reason: rejection.detail })
  }
}
