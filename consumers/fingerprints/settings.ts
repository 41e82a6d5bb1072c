import { z } from 'zod'
import { hopsInMinutes } from '../../lib/stream/hop.ts'

const minutes = () => z.number().positive()

/** Settings of the fingerprints stage. Times are rounded to whole hops, at least one: state depends on hops alone, so that a replay agrees. */
export const fingerprintsSettings = z.strictObject({
  snapshot_growth_ratio: z.number().gt(1).default(1.5).describe('snapshot when requests have grown by this factor'),
  snapshot_interval_minutes: minutes().default(15).describe('snapshot of an active account after so long'),
  span_interval_minutes: minutes().default(60).describe('an instruction span is sighted again after so long'),
  static_interval_minutes: minutes().default(1440).describe('payment and client are sighted again after so long'),
  event_id_minutes: minutes().default(60).describe('repeats of an event id are dropped within this time'),
  account_ttl_days: z.number().positive().default(7).describe('an account that sent nothing for so long is forgotten'),
  accounts_max: z.int().min(1).default(250_000).describe('accounts kept per task; the least recently seen go first'),
  state_bytes_max: z
    .int()
    .min(100_000)
    .default(1_000_000_000)
    .describe('bytes of state kept per task; the oldest panes go first, then the least recently seen accounts'),
})

export type FingerprintsSettings = z.infer<typeof fingerprintsSettings>

/** The times of the settings, counted in hops. */
export interface FingerprintsIntervals {
  readonly snapshot_hops: number
  readonly span_hops: number
  readonly static_hops: number
  readonly event_id_hops: number
}

export function intervalsOf(settings: FingerprintsSettings, hop_ms: number): FingerprintsIntervals {
  return {
    snapshot_hops: hopsInMinutes(settings.snapshot_interval_minutes, hop_ms),
    span_hops: hopsInMinutes(settings.span_interval_minutes, hop_ms),
    static_hops: hopsInMinutes(settings.static_interval_minutes, hop_ms),
    event_id_hops: hopsInMinutes(settings.event_id_minutes, hop_ms),
  }
}
