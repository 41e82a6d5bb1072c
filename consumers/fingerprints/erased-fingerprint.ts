import type { Fingerprint } from '../../schemas/types.ts'

/** The last fingerprint of an account: it holds nothing, and tells its readers to forget what they know. */
export function erasedFingerprint(account_id: string, hop: number, end_ms: number): Fingerprint {
  return {
    account_id,
    hop,
    event_time_ms: end_ms,
    reason: 'change',
    segment: 'unknown',
    context: {
      org_id: '',
      created_at_ms: null,
      paying: false,
      exempt: false,
      requests: 0,
      output_tokens: 0,
      first_seen_ms: end_ms,
      last_seen_ms: end_ms,
    },
    facts: null,
    status: 'erased',
    windows: [],
    lengths: [],
  }
}
