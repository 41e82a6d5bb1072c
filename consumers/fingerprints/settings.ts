import { z } from 'zod'

/** Settings of the fingerprints stage. Times that state depends on are counted in hops, so that a replay agrees. */
export const fingerprintsSettings = z.strictObject({
  snapshot_growth_ratio: z.number().gt(1).default(1.5).describe('snapshot when requests have grown by this factor'),
  snapshot_interval_hops: z.int().min(1).default(15).describe('snapshot of an active account after this many hops'),
  span_interval_hops: z.int().min(1).default(60).describe('an instruction span is sighted again after this many hops'),
  static_interval_hops: z
    .int()
    .min(1)
    .default(1440)
    .describe('payment and client are sighted again after this many hops'),
  event_id_hops: z.int().min(1).default(60).describe('repeats of an event id are dropped within this many hops'),
  account_ttl_days: z.number().positive().default(7).describe('an account that sent nothing for so long is forgotten'),
  accounts_max: z.int().min(1).default(250_000).describe('accounts kept per task; the least recently seen go first'),
  state_bytes_max: z
    .int()
    .min(100_000)
    .default(1_000_000_000)
    .describe('bytes of state kept per task; the oldest panes go first, then the least recently seen accounts'),
})

export type FingerprintsSettings = z.infer<typeof fingerprintsSettings>
