import type { TopicName } from '../../schemas/topics.ts'
import type { RejectedRecord } from '../stream/record.ts'

/** What one task of this process has done since it became ours. */
export interface TaskCounters {
  hops: number
  records_in: number
  transactions: number
  transactions_failed: number
  dead_letters: number
  /** The same by reason. Reasons are a fixed vocabulary of ours, never text from a record. */
  readonly dead_letter_reasons: Map<string, number>
  /** Records of inputs that retention had removed before they were read. */
  records_missed: number
  /** Offsets missing at the beginning of the changelog at the last restore: state that is lost. */
  changelog_missed: number
  restores: number
  restored_records: number
  restore_ms: number
  /** Records and bytes of values written, by topic. */
  readonly written: Map<TopicName, { records: number; bytes: number }>
}

export function newTaskCounters(): TaskCounters {
  return {
    hops: 0,
    records_in: 0,
    transactions: 0,
    transactions_failed: 0,
    dead_letters: 0,
    dead_letter_reasons: new Map(),
    records_missed: 0,
    changelog_missed: 0,
    restores: 0,
    restored_records: 0,
    restore_ms: 0,
    written: new Map(),
  }
}

/** Adds the dead letters of one transaction. */
export function countRejected(counters: TaskCounters, rejected: readonly RejectedRecord[]): void {
  counters.dead_letters += rejected.length
  for (const { rejection } of rejected) {
    counters.dead_letter_reasons.set(rejection.reason, (counters.dead_letter_reasons.get(rejection.reason) ?? 0) + 1)
  }
}

/** Adds what one transaction wrote. */
export function countWritten(
  counters: TaskCounters,
  written: ReadonlyMap<TopicName, { records: number; bytes: number }>,
): void {
  for (const [topic, { records, bytes }] of written) {
    const sum = counters.written.get(topic) ?? { records: 0, bytes: 0 }
    sum.records += records
    sum.bytes += bytes
    counters.written.set(topic, sum)
  }
}
