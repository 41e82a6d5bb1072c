import type { Account } from '../account.ts'

/** An account of a pool, and what its relay knows of it. */
export interface Head {
  readonly account: Account
  /** When it joined the pool. */
  readonly joined_ms: number
  /** Not asked until then. */
  rests_ms: number
  /** Answers 401 or 403 in a row. */
  refusals: number
  /** Requests and tokens of the day that began at `day_ms`. */
  day_ms: number
  requests: number
  tokens: number
}

export function createHead(account: Account, joined_ms: number): Head {
  return { account, joined_ms, rests_ms: joined_ms, refusals: 0, day_ms: joined_ms, requests: 0, tokens: 0 }
}
