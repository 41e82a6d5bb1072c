import type { TopicName } from '../../schemas/topics.ts'
import type { TopicValue } from '../../schemas/values.ts'
import { type HopAssembler, type HopPosition, type MissingPart, NO_HOP, type TakenHop } from './assembler.ts'
import { hopEnd_ms } from './hop.ts'
import type { HopHeader, InputRecord, RejectedRecord } from './record.ts'
import { Rejections } from './rejections.ts'
import type { InputPartition } from './stage.ts'
import { TableInputs } from './table-inputs.ts'

/** What one writer has written to one partition. */
interface Channel {
  readonly topic: TopicName
  readonly writer: number
  readonly hops: Map<number, TopicValue[]>
  first: number | null
  closedThrough: number
}

interface MergedPartition {
  readonly topic: TopicName
  readonly partition: number
  readonly channels: Channel[]
  /** Smallest offset of each hop that is not taken yet. */
  readonly offsets: Map<number, number>
  nextOffset: number
  /** What had been read when the last hop was taken; rejections below it have left. */
  takenOffset: number
}

export interface MergeSettings {
  readonly hop_ms: number
  /** Task counts of the writing stages, by topic. */
  readonly writers: (topic: TopicName) => number
}

// The sources stay within three hops of each other, so a partition this far ahead waits for another partition, not for
// another writer of its own; pausing it can't keep a hop from completing.
const AHEAD_HOPS_MAX = 8
const NOTHING_LATE: ReadonlySet<number> = new Set()

/**
 * Merges closed hops of every writer of a task's inputs. A hop is complete when each writer has closed it on each
 * partition; a writer's first close says that it had nothing before.
 */
export class MergeAssembler implements HopAssembler {
  private readonly hop_ms: number
  private readonly tables: TableInputs
  private readonly rejections = new Rejections()
  private readonly partitions = new Map<string, MergedPartition>()
  private readonly channels: Channel[] = []
  private closed: number | null = null

  constructor(inputs: readonly InputPartition[], settings: MergeSettings) {
    this.hop_ms = settings.hop_ms
    this.tables = new TableInputs(inputs, settings.hop_ms)
    for (const { input, partition } of inputs) {
      if (input.role !== 'hops') continue
      const writers =
        input.writers === 'all' ? Array.from({ length: settings.writers(input.topic) }, (_, w) => w) : [partition]
      const channels = writers.map(
        (writer): Channel => ({
          topic: input.topic,
          writer,
          hops: new Map(),
          first: null,
          closedThrough: Number.NEGATIVE_INFINITY,
        }),
      )
      this.channels.push(...channels)
      this.partitions.set(`${input.topic}/${partition}`, {
        topic: input.topic,
        partition,
        channels,
        offsets: new Map(),
        nextOffset: 0,
        takenOffset: 0,
      })
    }
  }

  offer(record: InputRecord): void {
    const merged = this.partitions.get(`${record.topic}/${record.partition}`)
    if (!merged) {
      if (record.rejection) this.rejections.add(record, record.rejection)
      this.tables.offer(record.rejection ? { ...record, value: null } : record)
      return
    }
    merged.nextOffset = record.offset + 1
    const channel = merged.channels.find(({ writer }) => writer === record.hop?.writer)
    if (!record.hop || !channel) {
      this.rejections.add(record, {
        reason: 'unknown_writer',
        detail: `writer ${record.hop?.writer ?? 'none'} is not a task of the stage that writes ${record.topic}`,
      })
      return
    }
    if (this.closed !== null && record.hop.hop <= this.closed) return
    if (record.rejection) this.rejections.add(record, record.rejection)
    this.file(merged, channel, record.hop, record)
  }

  ready(): boolean {
    return this.nextHop() !== null
  }

  take(): TakenHop | null {
    const hop = this.nextHop()
    if (hop === null) return null
    const records: Record<string, TopicValue[]> = {}
    for (const channel of this.channels) {
      const values = channel.hops.get(hop) ?? []
      channel.hops.delete(hop)
      const known = records[channel.topic]
      if (known) known.push(...values)
      else records[channel.topic] = values
    }
    for (const merged of this.partitions.values()) {
      merged.offsets.delete(hop)
      merged.takenOffset = Math.max(merged.takenOffset, merged.nextOffset)
    }
    this.closed = hop
    const end_ms = hopEnd_ms(hop, this.hop_ms)
    for (const [topic, values] of this.tables.take(end_ms)) records[topic] = values
    return {
      input: { hop, end_ms, records, late: NOTHING_LATE },
      rejected: this.rejections.take(),
    }
  }

  takeRejected(): RejectedRecord[] {
    return this.rejections.take()
  }

  rejected_bytes(): number {
    return this.rejections.size_bytes
  }

  position(): HopPosition | null {
    if (this.closed === null && !this.rejections.haveLeft()) return null
    const merged = [...this.partitions.values()].map(({ topic, partition, offsets, nextOffset, takenOffset }) => ({
      topic,
      partition,
      // What waits came after the last hop was taken, so it is read again with the rest.
      resume_offset: Math.min(nextOffset, takenOffset, ...offsets.values()),
      end_offset: takenOffset,
    }))
    const inputs = [...merged, ...this.tables.positions()].map((input) => ({
      ...input,
      rejected_offset: this.rejections.leftThrough(input.topic, input.partition),
    }))
    return { hop: this.closed ?? NO_HOP, inputs }
  }

  resume(position: HopPosition): void {
    if (position.hop !== NO_HOP) this.closed = position.hop
    for (const input of position.inputs) {
      this.rejections.resume(input)
      const { topic, partition, resume_offset, end_offset } = input
      const merged = this.partitions.get(`${topic}/${partition}`)
      if (!merged) continue
      merged.nextOffset = resume_offset
      merged.takenOffset = end_offset
    }
    this.tables.resume(position.inputs, hopEnd_ms(position.hop, this.hop_ms))
  }

  aheadPartitions(): { topic: string; partition: number }[] {
    const { closed } = this
    if (closed === null || this.ready()) return []
    return [...this.partitions.values()]
      .filter(({ channels }) => channels.every(({ closedThrough }) => closedThrough > closed + AHEAD_HOPS_MAX))
      .map(({ topic, partition }) => ({ topic, partition }))
  }

  buffered(): number {
    let count = 0
    for (const { hops } of this.channels) for (const values of hops.values()) count += values.length
    return count
  }

  missing(): MissingPart[] {
    const firsts = this.channels.map(({ first }) => first ?? Number.POSITIVE_INFINITY)
    const hop = this.closed === null ? Math.min(...firsts) : this.closed + 1
    return [...this.partitions.values()].flatMap(({ topic, partition, channels }) =>
      channels.filter(({ closedThrough }) => closedThrough < hop).map(({ writer }) => ({ topic, partition, writer })),
    )
  }

  private file(merged: MergedPartition, channel: Channel, header: HopHeader, record: InputRecord): void {
    const { hop, last } = header
    if (!merged.offsets.has(hop)) merged.offsets.set(hop, record.offset)
    channel.first = channel.first === null ? hop : Math.min(channel.first, hop)
    if (record.value !== null && !record.rejection) {
      const values = channel.hops.get(hop)
      if (values) values.push(record.value)
      else channel.hops.set(hop, [record.value])
    }
    if (last) channel.closedThrough = Math.max(channel.closedThrough, hop)
  }

  private nextHop(): number | null {
    let hop = this.closed === null ? Number.POSITIVE_INFINITY : this.closed + 1
    let closedThrough = Number.POSITIVE_INFINITY
    for (const channel of this.channels) {
      closedThrough = Math.min(closedThrough, channel.closedThrough)
      if (this.closed === null) hop = Math.min(hop, channel.first ?? Number.POSITIVE_INFINITY)
    }
    return hop <= closedThrough ? hop : null
  }
}
