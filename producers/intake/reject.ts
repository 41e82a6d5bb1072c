import type { DeadLetter } from '../../schemas/types.ts'

export const REJECT_REASONS = [
  'line_too_long',
  'truncated_gzip',
  'damaged_gzip',
  'invalid_utf8',
  'invalid_json',
  'invalid_record',
  'end_before_event',
  'time_out_of_range',
  'time_ahead',
] as const

export type RejectReason = (typeof REJECT_REASONS)[number]

/** Why something was refused. `detail` names fields and types, never a value: a value could be prompt text. */
export interface Refusal {
  reason: RejectReason
  detail: string
}

/** An input line that did not become a record, and where it stands. The line itself is not kept. */
export interface Reject extends Refusal {
  kind: 'reject'
  /** The file as the user named it, or 'stdin'. */
  source: string
  /** Counted from 1, empty lines included. */
  line: number
  size_bytes: number
  /** Keyed hash of the line, to find it again at its origin; null for a line that was never held as text. */
  line_hash: number | null
}

/** The record for the dead-letters topic. It has no payload: the line may hold prompt text. */
export function toDeadLetter(reject: Reject): DeadLetter {
  return {
    source: reject.source,
    partition: null,
    offset: null,
    line: reject.line,
    stage: 'intake',
    reason: reject.reason,
    detail: reject.detail,
    key: null,
    headers: [],
    payload: null,
    size_bytes: reject.size_bytes,
    content_hash: reject.line_hash,
    replayed: false,
  }
}
