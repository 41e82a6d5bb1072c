import type { KafkaMessage } from 'kafkajs'
import { type TopicName, topicDefinition } from '../../schemas/topics.ts'
import type { HopAssembler, HopPosition } from '../stream/assembler.ts'
import { type InputPartition, inputPartitions } from '../stream/stage.ts'
import { partitionCount } from '../stream/topology.ts'
import { createInputReader, type InputReader } from './input-record.ts'
import type { TaskCounters } from './task-counters.ts'
import type { TaskOptions } from './task-options.ts'
import type { TaskSignal } from './task-signal.ts'

// A complete hop waits and 50,000 records are there: at 1.5 kB each 75 MB per task. Reading on would only fill memory.
const BUFFERED_RECORDS_MAX = 50_000
// Rejected input waits for the next hop, which spares a transaction; at this much it leaves without one.
const REJECTED_BYTES_MAX = 4 << 20

/** True when rejected input must leave before anything more is read. */
export function holdsTooMuch(assembler: HopAssembler): boolean {
  return assembler.rejected_bytes() > REJECTED_BYTES_MAX
}

/** The partitions that a task reads, from a position on into an assembler, and how they are held back. */
export class TaskInputs {
  readonly all: readonly InputPartition[]
  readonly tables: readonly InputPartition[]
  readonly flows: readonly InputPartition[]
  /** Counts arrivals on source and hop inputs. */
  arrivals = 0
  lastArrival_ms = 0
  private readonly options: TaskOptions
  private readonly signal: TaskSignal
  private readonly counters: TaskCounters
  private assembler: HopAssembler | null = null
  /** Offset after the last message handed over, by partition. */
  private readonly delivered = new Map<string, number>()

  constructor(options: TaskOptions, signal: TaskSignal, counters: TaskCounters) {
    const { stage, task, partitions } = options
    this.options = options
    this.signal = signal
    this.counters = counters
    this.all = inputPartitions(stage, task, (topic) => partitionCount(topic, partitions))
    this.tables = this.all.filter(({ input }) => input.role === 'table')
    this.flows = this.all.filter(({ input }) => input.role !== 'table')
  }

  /** Starts reading: messages are appended to the hops they belong to; hops are closed elsewhere. */
  async open(assembler: HopAssembler, position: HopPosition | null): Promise<void> {
    const { codec, consumer, ends, prefix, task, log, now } = this.options
    const topics = [...new Set(this.all.map(({ input }) => input.topic))]
    const endsByTopic = new Map(
      await Promise.all(topics.map(async (topic) => [topic, await ends.now(prefix + topic)] as const)),
    )
    this.signal.check()
    this.assembler = assembler
    this.arrivals = 0
    this.lastArrival_ms = now()
    this.delivered.clear()
    for (const { input, partition } of this.all) {
      const resume_offset =
        position?.inputs.find((place) => place.topic === input.topic && place.partition === partition)?.resume_offset ??
        0
      const { low, high } = endsByTopic.get(input.topic)?.get(partition) ?? { low: 0, high: 0 }
      if (resume_offset > high) {
        log({
          level: 'error',
          message:
            'the topic ends before what was read from it: it was made anew or cut off, and is read from there on',
          fields: { task, topic: input.topic, partition, from: resume_offset, to: high },
        })
      }
      if (position && resume_offset < low) this.noteMissed(input.topic, partition, resume_offset, low)
      const toRecord = createInputReader(codec, { input, partition })
      consumer.open(prefix + input.topic, partition, Math.max(resume_offset, low), {
        onMessages: (messages) => this.signal.guard(() => this.take(input.topic, partition, messages, toRecord)),
        onSkipped: (from, to) => this.noteMissed(input.topic, partition, from, to),
        onAdvance: () => this.signal.notify(),
      })
    }
  }

  close(): void {
    const { consumer, prefix } = this.options
    for (const { input, partition } of this.all) consumer.close(prefix + input.topic, partition)
  }

  /** What still arrives has nowhere to go. */
  drop(): void {
    this.assembler = null
  }

  /** True while what is read goes to this assembler. */
  isFor(assembler: HopAssembler): boolean {
    return this.assembler === assembler
  }

  /** Hops have become complete without a record. */
  noteAdvance(): void {
    this.arrivals += 1
    this.signal.notify()
  }

  /** When every message up to an offset has been processed, so has what stands behind the last: a transaction's marker. */
  readUp(topic: string, partition: number, offset: number): number {
    if (this.delivered.get(`${topic}/${partition}`) !== offset) return offset
    return Math.max(offset, this.options.consumer.next(this.options.prefix + topic, partition) ?? offset)
  }

  holdBack(assembler: HopAssembler): void {
    const { consumer, prefix } = this.options
    const isFull = assembler.buffered() > BUFFERED_RECORDS_MAX && assembler.ready()
    const isClogged = holdsTooMuch(assembler)
    for (const { input, partition } of this.tables) consumer.setPaused(prefix + input.topic, partition, isClogged)
    const ahead = assembler.aheadPartitions()
    for (const { input, partition } of this.flows) {
      const isAhead = ahead.some((place) => place.topic === input.topic && place.partition === partition)
      consumer.setPaused(prefix + input.topic, partition, isFull || isAhead || isClogged)
    }
  }

  private take(topic: TopicName, partition: number, messages: readonly KafkaMessage[], toRecord: InputReader): void {
    const { assembler } = this
    if (!assembler) return
    for (const message of messages) assembler.offer(toRecord(message))
    this.counters.records_in += messages.length
    this.delivered.set(`${topic}/${partition}`, Number(messages.at(-1)?.offset ?? -1) + 1)
    if (this.flows.some(({ input }) => input.topic === topic)) {
      this.arrivals += 1
      this.lastArrival_ms = this.options.now()
    }
    this.holdBack(assembler)
    this.signal.notify()
  }

  /** Counts records that retention has removed before they were read. Compaction removes what is said again further on. */
  private noteMissed(topic: TopicName, partition: number, from: number, to: number): void {
    if (topicDefinition(topic).cleanup === 'compact') return
    this.counters.records_missed += to - from
    this.options.log({
      level: 'error',
      message: 'records were deleted by retention before they were read',
      fields: { task: this.options.task, topic, partition, from, to },
    })
  }
}
