import type { InputPosition } from '../../schemas/types.ts'
import { keepRecord } from './kept-record.ts'
import type { InputRecord, RejectedRecord, Rejection } from './record.ts'

// Place, reason and detail.
const OVERHEAD_BYTES = 300

/**
 * Rejected records on their way to the dead letters. They leave with the next hop, or before it when they have become
 * many; how far they have left is part of the position, so that a restart neither loses one nor writes it twice.
 */
export class Rejections {
  private waiting: RejectedRecord[] = []
  /** Offset behind the last one that has left, by partition. */
  private readonly left = new Map<string, number>()
  /** What those that wait take in memory, estimated. */
  size_bytes = 0

  /** Rejections below the committed position have left before a restart. */
  resume({ topic, partition, end_offset, rejected_offset }: InputPosition): void {
    this.left.set(placeOf(topic, partition), rejected_offset ?? end_offset)
  }

  add(record: InputRecord, rejection: Rejection): void {
    const { topic, partition, offset, raw } = record
    if (offset < this.leftThrough(topic, partition)) return
    const kept = raw && keepRecord(raw)
    this.waiting.push({ topic, partition, offset, kept, rejection })
    this.size_bytes += (kept?.payload?.length ?? 0) + OVERHEAD_BYTES
  }

  /** Offset of the first one that waits, from which a restart must read again; infinite when none does. */
  firstOffset(topic: string, partition: number): number {
    return this.waiting.reduce(
      (first, record) =>
        record.topic === topic && record.partition === partition ? Math.min(first, record.offset) : first,
      Number.POSITIVE_INFINITY,
    )
  }

  /** All that wait. */
  take(): RejectedRecord[] {
    const taken = this.waiting
    this.waiting = []
    this.size_bytes = 0
    for (const { topic, partition, offset } of taken) this.left.set(placeOf(topic, partition), offset + 1)
    return taken
  }

  /** Offset below which every rejection of the partition has left. */
  leftThrough(topic: string, partition: number): number {
    return this.left.get(placeOf(topic, partition)) ?? 0
  }

  /** True when any has left, ever. */
  haveLeft(): boolean {
    return [...this.left.values()].some((offset) => offset > 0)
  }
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
