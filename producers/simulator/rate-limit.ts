import type { AccountRecord } from './account.ts'

/** Requests per minute that a plan may send, with as many at once. A plan's first week has half of it. */
const REQUESTS_PER_MINUTE: Record<AccountRecord['plan'], number> = {
  free: 20,
  pay_as_you_go: 120,
  subscription: 60,
  team: 600,
  enterprise: 6_000,
}
const YOUNG_MS = 7 * 86_400_000
const MINUTE_MS = 60_000

interface Bucket {
  left: number
  at_ms: number
}

/** A token bucket per account; its size is what grows with the number of accounts. */
export function createRateLimit() {
  const buckets = new Map<string, Bucket>()
  return {
    /** Whether one more call may pass. */
    admits({ account_id, plan, created_at }: AccountRecord, at_ms: number): boolean {
      const young = at_ms - Date.parse(created_at) < YOUNG_MS
      const capacity = REQUESTS_PER_MINUTE[plan] / (young ? 2 : 1)
      const bucket = buckets.get(account_id) ?? { left: capacity, at_ms }
      const left = Math.min(capacity, bucket.left + ((at_ms - bucket.at_ms) * capacity) / MINUTE_MS)
      const admitted = left >= 1
      bucket.left = admitted ? left - 1 : left
      bucket.at_ms = at_ms
      buckets.set(account_id, bucket)
      return admitted
    },
  }
}
