import type { StageLoad } from '../stage-part.ts'
import type { DelayOptions } from './delay.ts'

/** How much of everything. */
export interface Profile {
  readonly stage: StageLoad
  readonly state: readonly { readonly accounts: number; readonly requests: number; readonly hops: number }[]
  readonly restore: { readonly accounts: number; readonly requests: number }
  readonly delay: readonly DelayOptions[]
  /** `accounts` come in all, `alive` of them send at a time, and the stage keeps `max`. */
  readonly memory: {
    readonly accounts: number
    readonly alive: number
    readonly requests: number
    readonly hops: number
    readonly days: number
    readonly max: number
    readonly readings: number
  }
}

const MINUTE_MS = 60_000
// The rate of a large provider, and as many accounts as send in an hour of it.
const LIVE = { accounts: 100_000, requests_per_s: 5_000, partitions: 4, processes: 2 }

/** Half an hour. */
export const SHORT: Profile = {
  stage: { accounts: 5_000, requests: 150_000, requests_per_s: 250, partitions: 1 },
  state: [
    { accounts: 10_000, requests: 20, hops: 48 },
    { accounts: 1_000_000, requests: 2, hops: 48 },
  ],
  restore: { accounts: 250_000, requests: 4 },
  delay: [
    { ...LIVE, hop_ms: MINUTE_MS, warm_hops: 5, hops: 3 },
    { ...LIVE, hop_ms: 10_000, warm_hops: 12, hops: 12 },
    { ...LIVE, hop_ms: 5_000, warm_hops: 24, hops: 24 },
  ],
  memory: { accounts: 300_000, alive: 20_000, requests: 2, hops: 600, days: 60, max: 50_000, readings: 10 },
}

export const FULL: Profile = {
  stage: { accounts: 5_000, requests: 450_000, requests_per_s: 250, partitions: 1 },
  state: [
    { accounts: 10_000, requests: 100, hops: 288 },
    { accounts: 1_000_000, requests: 5, hops: 48 },
  ],
  restore: { accounts: 250_000, requests: 20 },
  delay: [
    { ...LIVE, hop_ms: MINUTE_MS, warm_hops: 10, hops: 20 },
    { ...LIVE, hop_ms: 10_000, warm_hops: 60, hops: 120 },
    { ...LIVE, hop_ms: 5_000, warm_hops: 120, hops: 240 },
  ],
  memory: { accounts: 2_000_000, alive: 100_000, requests: 2, hops: 4_380, days: 365, max: 250_000, readings: 20 },
}

export const QUICK: Profile = {
  stage: { accounts: 300, requests: 4_500, requests_per_s: 15, partitions: 1 },
  state: [
    { accounts: 1_000, requests: 5, hops: 24 },
    { accounts: 5_000, requests: 2, hops: 24 },
  ],
  restore: { accounts: 2_000, requests: 2 },
  delay: [{ accounts: 500, requests_per_s: 50, partitions: 2, processes: 2, hop_ms: 2_000, warm_hops: 2, hops: 3 }],
  memory: { accounts: 3_000, alive: 200, requests: 2, hops: 120, days: 30, max: 500, readings: 10 },
}
