import type { AccountContext, BlastRadius, Exposure } from '../../schemas/types.ts'
import { round } from './round.ts'

const DAY_MS = 86_400_000

/** What accounts have got so far. */
export function exposure(contexts: readonly AccountContext[]): Exposure {
  return {
    requests: contexts.reduce((sum, { requests }) => sum + requests, 0),
    output_tokens: contexts.reduce((sum, { output_tokens }) => sum + output_tokens, 0),
    first_seen_ms: contexts.reduce(
      (first, { first_seen_ms }) => Math.min(first, first_seen_ms),
      Number.MAX_SAFE_INTEGER,
    ),
    last_seen_ms: contexts.reduce((last, { last_seen_ms }) => Math.max(last, last_seen_ms), 0),
  }
}

/** What follows for accounts when action is taken on them. */
export function blastRadius(contexts: readonly AccountContext[], end_ms: number): BlastRadius {
  const tenures = contexts
    .flatMap(({ created_at_ms }) => (created_at_ms === null ? [] : [(end_ms - created_at_ms) / DAY_MS]))
    .sort((a, b) => a - b)
  return {
    accounts: contexts.length,
    organisations: new Set(contexts.map(({ org_id }) => org_id)).size,
    paying_share: round(contexts.filter(({ paying }) => paying).length / Math.max(contexts.length, 1)),
    median_tenure_days: round(tenures[Math.floor(tenures.length / 2)] ?? 0),
  }
}
