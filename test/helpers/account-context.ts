import type { AccountContext } from '../../schemas/types.ts'

/** Of an account of an organisation that has sent one request. */
export function contextIn(org_id: string): AccountContext {
  return {
    org_id,
    created_at_ms: null,
    exempt: false,
    paying: false,
    requests: 1,
    output_tokens: 1,
    first_seen_ms: 0,
    last_seen_ms: 0,
  }
}
