import { z } from 'zod'
import { hopsInMinutes } from '../../lib/stream/hop.ts'

/** Settings of the campaigns stage. All of them affect detection and enter the config hash of alerts. */
export const campaignsSettings = z.strictObject({
  organisations_min: z.int().min(2).default(3).describe('organisations that must hold two objects together'),
  payment_log10_p_max: z.number().max(0).default(-4).describe('chance of a joint holding with a payment instrument'),
  relay_log10_p_max: z.number().max(0).default(-4).describe('chance of a joint holding with a conversation prefix'),
  client_log10_p_max: z.number().max(0).default(-8).describe('chance of a joint holding with a client tuple'),
  release_log10: z
    .number()
    .min(0)
    .default(2)
    .describe('a joint holding is let go this many powers of ten above its limit'),
  beyond_share_min: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe('members linked by more than co-adoption, to accuse'),
  eliciting_share_min: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('members whose instruction elicits training data, to accuse'),
  accuse_score_min: z.number().min(0).max(1).default(0.5).describe('probability that the alert is right, to accuse'),
  prior: z.number().gt(0).lt(1).default(0.001).describe('prior probability that a cluster is a campaign'),
  revision_growth_ratio: z
    .number()
    .gt(1)
    .default(1.2)
    .describe('a revision when the accused have grown by this factor'),
  revision_interval_minutes: z.number().positive().default(60).describe('time between revisions of one alert'),
  signal_ttl_minutes: z.number().positive().default(2_880).describe('a hit counts for so long after it was last said'),
  outcome_ttl_days: z.number().positive().default(180).describe('an outcome counts for so long, as the topic keeps it'),
  members_max: z
    .int()
    .min(1)
    .max(20_000)
    .default(20_000)
    .describe('members kept per campaign; the first by account id'),
  related_max: z.int().min(0).default(500).describe('related accounts named per alert'),
})

export type CampaignsSettings = z.infer<typeof campaignsSettings>

/** The times of the settings, counted in hops. */
export interface CampaignsIntervals {
  readonly revision_hops: number
  readonly signal_ttl_hops: number
}

export function intervalsOf(settings: CampaignsSettings, hop_ms: number): CampaignsIntervals {
  return {
    revision_hops: hopsInMinutes(settings.revision_interval_minutes, hop_ms),
    signal_ttl_hops: hopsInMinutes(settings.signal_ttl_minutes, hop_ms),
  }
}
