import { keepRecord } from './kept-record.ts'
import type { InputRecord, RejectedRecord, Rejection } from './record.ts'

/**
 * Rejected records on their way to the dead letters. Each leaves with the first hop whose committed position lies behind
 * it, so that a restart neither loses it nor writes it twice.
 */
export class Rejections {
  private waiting: RejectedRecord[] = []
  private readonly written = new Map<string, number>()

  /** Rejections below `end_offset` of this partition were written before a restart. */
  resume(topic: string, partition: number, end_offset: number): void {
    this.written.set(`${topic}/${partition}`, end_offset)
  }

  add(record: InputRecord, rejection: Rejection): void {
    const { topic, partition, offset, raw } = record
    if (offset < (this.written.get(`${topic}/${partition}`) ?? 0)) return
    this.waiting.push({ topic, partition, offset, kept: raw && keepRecord(raw), rejection })
  }

  /** Offset of the first one that waits, from which a restart must read again; infinite when none does. */
  firstOffset(topic: string, partition: number): number {
    return this.waiting.reduce(
      (first, record) =>
        record.topic === topic && record.partition === partition ? Math.min(first, record.offset) : first,
      Number.POSITIVE_INFINITY,
    )
  }

  /** Those that stand below the given end offsets. */
  take(endOffset: (topic: string, partition: number) => number): RejectedRecord[] {
    if (this.waiting.length === 0) return []
    const due: RejectedRecord[] = []
    const kept: RejectedRecord[] = []
    for (const record of this.waiting) {
      const isDue = record.offset < endOffset(record.topic, record.partition)
      ;(isDue ? due : kept).push(record)
    }
    this.waiting = kept
    return due
  }
}
