import type { GroundTruth, TrueCampaign } from '../ground-truth.ts'
import { detections } from './campaign-recall.ts'
import type { Verdict } from './verdicts.ts'

/** What a campaign got before some moment. */
export interface Leak {
  /** Since the campaign's first request; null: the moment never came, and everything leaked. */
  readonly after_ms: number | null
  readonly exchanges: number
  readonly output_tokens: number
  /** Of all of the campaign's exchanges; null when it got no answer. */
  readonly share: number | null
  /** The same with the first 500 exchanges given away: fewer count as 500, and a campaign that had fewer counts as leaked. */
  readonly share_floored: number | null
}

export interface CampaignLeakage {
  readonly campaign_id: string
  readonly scenario: string
  readonly level: number | null
  readonly accounts: number
  readonly exchanges: number
  readonly output_tokens: number
  readonly length_ms: number
  /** Before the first finding that is correct for it. */
  readonly found: Leak
  /** Before 80% of its accounts had been accused, whatever finding accused them. */
  readonly named: Leak
}

/** What nobody can be asked to notice. */
const FLOOR_EXCHANGES = 500
const NAMED_SHARE = 0.8

export function leakage(verdicts: readonly Verdict[], truth: GroundTruth): CampaignLeakage[] {
  const found = detections(verdicts)
  const accused = firstAccused(verdicts)
  return truth.campaigns.map((campaign) => ({
    campaign_id: campaign.campaign_id,
    scenario: campaign.scenario,
    level: campaign.level,
    accounts: campaign.accounts.length,
    exchanges: campaign.exchanges.length,
    output_tokens: campaign.exchanges.reduce((sum, { output_tokens }) => sum + output_tokens, 0),
    length_ms: campaign.end_ms - campaign.start_ms,
    found: leakUntil(campaign, found.get(campaign.campaign_id) ?? null),
    named: leakUntil(campaign, namedAt_ms(campaign, accused)),
  }))
}

/** Event time of the first state of any finding that accuses an account. */
export function firstAccused(verdicts: readonly Verdict[]): Map<string, number> {
  const first = new Map<string, number>()
  for (const { finding } of verdicts) {
    for (const { account_id } of finding.accounts) {
      first.set(account_id, Math.min(first.get(account_id) ?? Number.POSITIVE_INFINITY, finding.event_time_ms))
    }
  }
  return first
}

function namedAt_ms({ accounts }: TrueCampaign, accused: ReadonlyMap<string, number>): number | null {
  const times = accounts.flatMap(({ account_id }) => accused.get(account_id) ?? []).sort((a, b) => a - b)
  return times[Math.ceil(NAMED_SHARE * accounts.length) - 1] ?? null
}

function leakUntil({ exchanges, start_ms }: TrueCampaign, moment_ms: number | null): Leak {
  const leaked = moment_ms === null ? exchanges : exchanges.filter(({ end_ms }) => end_ms <= moment_ms)
  const total = exchanges.length
  return {
    after_ms: moment_ms === null ? null : Math.max(0, moment_ms - start_ms),
    exchanges: leaked.length,
    output_tokens: leaked.reduce((sum, { output_tokens }) => sum + output_tokens, 0),
    share: total === 0 ? null : leaked.length / total,
    share_floored: total === 0 ? null : Math.min(total, Math.max(leaked.length, FLOOR_EXCHANGES)) / total,
  }
}
