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
    this.waiting.push({ topic, partition, offset, raw, rejection })
  }

  /** Offset of the first one that waits, from which a restart must read again; infinite when none does. */
  firstOffset(topic: string, partition: number): number {
    const own = this.waiting.filter((record) => record.topic === topic && record.partition === partition)
    return Math.min(...own.map(({ offset }) => offset))
  }

  /** Those that stand below the given end offsets. */
  take(endOffset: (topic: string, partition: number) => number): RejectedRecord[] {
    if (this.waiting.length === 0) return []
    const due = this.waiting.filter(({ topic, partition, offset }) => offset < endOffset(topic, partition))
    if (due.length > 0) this.waiting = this.waiting.filter((record) => !due.includes(record))
    return due
  }
}
