import type { KafkaMessage } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import type { Position } from '../../schemas/types.ts'
import type { TopicValue } from '../../schemas/values.ts'
import type { Codec } from '../avro/codec.ts'
import type { Processor } from '../stream/processor.ts'
import { ChangelogUnreadable } from './errors.ts'
import { POSITION_KEY } from './task-records.ts'

/** Reads one task's changelog back into its processor. Start it at the beginning and feed it to the end. */
export class Restore {
  private readonly codec: Codec
  private readonly topic: TopicName
  private readonly partition: number
  private readonly processor: Processor
  /** Where the state stands; null when the changelog says nothing: a new task. */
  position: Position | null = null
  records = 0

  constructor(options: { codec: Codec; topic: TopicName; partition: number; processor: Processor }) {
    this.codec = options.codec
    this.topic = options.topic
    this.partition = options.partition
    this.processor = options.processor
  }

  /** Throws ChangelogUnreadable. The codec must be prepared for the message. */
  apply({ key, value: bytes, offset }: KafkaMessage): void {
    this.records += 1
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
