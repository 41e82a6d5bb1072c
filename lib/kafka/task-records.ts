import type { TopicName } from '../../schemas/topics.ts'
import type { DeadLetter, HopCut, Position } from '../../schemas/types.ts'
import type { Codec } from '../avro/codec.ts'
import type { HopPosition } from '../stream/assembler.ts'
import type { ChangelogEntry } from '../stream/processor.ts'
import type { OutputRecord, RejectedRecord } from '../stream/record.ts'
import { partitionCount } from '../stream/topology.ts'
import { type CommitNote, encodeCommitNote } from './commit-note.ts'
import { hopHeaders } from './headers.ts'
import { keyPartition } from './key-partition.ts'
import type { EncodedRecord } from './publisher.ts'

/** Changelog key of a task's position, next to the keys of its state. */
export const POSITION_KEY = '__position'

/** Turns what a task has to say about its hops into records for one transaction. */
export class TaskRecords {
  private readonly codec: Codec
  private readonly prefix: string
  private readonly partitions: number
  readonly all: EncodedRecord[] = []
  /** Records and bytes of values by topic. */
  readonly written = new Map<TopicName, { records: number; bytes: number }>()
  size_bytes = 0

  /** `partitions`: of the topics that have many. */
  constructor(codec: Codec, prefix: string, partitions: number) {
    this.codec = codec
    this.prefix = prefix
    this.partitions = partitions
  }

  addOutput({ topic, partition, key, value, hop }: OutputRecord): void {
    this.add(topic, partition, key, value, hop ? hopHeaders(hop) : undefined)
  }

  addChange(changelog: TopicName, task: number, { key, value }: ChangelogEntry): void {
    this.add(changelog, task, key, value)
  }

  /** Every changelog schema has a nullable `position` field, and nulls as defaults of the others. */
  addPosition(changelog: TopicName, task: number, position: Position): void {
    this.add(changelog, task, POSITION_KEY, { position })
  }

  addCut(task: number, { hop, inputs }: HopPosition): void {
    const cut: HopCut = {
      partition: task,
      hop,
      end_offsets: inputs.map(({ topic, end_offset }) => ({ topic, offset: end_offset })),
    }
    this.add('hops', 0, String(task), cut)
  }

  addDeadLetter(stage: string, { topic, partition, offset, kept, rejection }: RejectedRecord): void {
    const letter: DeadLetter = {
      source: topic,
      partition,
      offset,
      line: null,
      stage,
      reason: rejection.reason,
      detail: rejection.detail,
      key: kept?.key ?? null,
      headers: [...(kept?.headers ?? [])],
      payload: kept?.payload ?? null,
      size_bytes: kept?.size_bytes ?? 0,
      content_hash: null,
      replayed: false,
    }
    this.add('dead-letters', null, topic, letter)
  }

  private add(
    topic: TopicName,
    partition: number | null,
    key: string,
    value: object | null,
    headers?: Record<string, string>,
  ): void {
    const bytes = value === null ? null : this.codec.encode(topic, value)
    const place = partition ?? keyPartition(key, partitionCount(topic, this.partitions))
    this.all.push({ topic: this.prefix + topic, partition: place, key, value: bytes, headers })
    const count = this.written.get(topic) ?? { records: 0, bytes: 0 }
    count.records += 1
    count.bytes += bytes?.length ?? 0
    this.written.set(topic, count)
    this.size_bytes += bytes?.length ?? 0
  }
}

/** What kafkajs passes on to the broker with an offset, and does not have in its types. */
export interface NotedOffset {
  readonly partition: number
  readonly offset: string
  readonly metadata: string
}

/**
 * Input offsets of a position, as the group commits them, each with the task's note. They serve lag alone; the position in
 * the changelog is what a restart goes by. `readUp` gives the offset behind trailing control records, where a partition has
 * been read that far.
 */
export function groupOffsets(
  { inputs }: HopPosition,
  prefix: string,
  note: CommitNote | null,
  readUp: (topic: string, partition: number, resume_offset: number) => number,
): { topics: { topic: string; partitions: NotedOffset[] }[] } {
  const metadata = note === null ? '' : encodeCommitNote(note)
  const topics = new Map<string, NotedOffset[]>()
  for (const { topic, partition, resume_offset } of inputs) {
    const offset = String(readUp(topic, partition, resume_offset))
    const known = topics.get(topic)
    if (known) known.push({ partition, offset, metadata })
    else topics.set(topic, [{ partition, offset, metadata }])
  }
  return { topics: [...topics].map(([topic, partitions]) => ({ topic: prefix + topic, partitions })) }
}
