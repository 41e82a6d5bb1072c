import type { GroundTruth } from '../ground-truth.ts'
import { bootstrap, type Interval } from './bootstrap.ts'
import { type EventRate, eventRate } from './event-rate.ts'
import { type Proportion, proportion } from './proportion.ts'
import type { Verdict } from './verdicts.ts'

/** Organisation-weeks that false clusters are counted against. */
export const WEEKS_UNIT = 10_000

export interface CampaignRecall {
  readonly recall: Proportion
  /** By resampling campaigns; null below two. */
  readonly interval: Interval | null
  readonly falseClusters: EventRate
}

export interface BudgetedRecall extends CampaignRecall {
  /** The lowest threshold of a finding's score that keeps to the budget; null when none does. */
  readonly score_min: number | null
}

/** When each campaign was found: the event time of the first state that is correct for it. */
export function detections(verdicts: readonly Verdict[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const { campaign_id, finding } of verdicts) {
    if (campaign_id === null) continue
    found.set(campaign_id, Math.min(found.get(campaign_id) ?? Number.POSITIVE_INFINITY, finding.event_time_ms))
  }
  return found
}

/** With every finding that scores at least `score_min`. A finding that is false in any of its states is one false cluster. */
export function campaignRecall(
  verdicts: readonly Verdict[],
  truth: GroundTruth,
  seed: number,
  score_min = Number.NEGATIVE_INFINITY,
): CampaignRecall {
  const kept = verdicts.filter(({ finding }) => finding.score >= score_min)
  const found = detections(kept)
  const falseIds = new Set(kept.filter(({ isFalse }) => isFalse).map(({ finding }) => finding.finding_id))
  const hits = truth.campaigns.map(({ campaign_id }): number => (found.has(campaign_id) ? 1 : 0))
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  return {
    recall: proportion(sum(hits), hits.length),
    interval: bootstrap(hits, (drawn) => sum(drawn) / drawn.length, seed),
    falseClusters: eventRate(falseIds.size, truth.benignOrganisationWeeks / WEEKS_UNIT),
  }
}

/**
 * The most campaigns that are found at no more than `perUnit_max` false clusters per 10,000 benign organisation-weeks, by
 * lowering the threshold from the surest finding. Below 10,000 organisation-weeks that means none at all. What a method
 * holds back by its own threshold can't be had.
 */
export function recallAtBudget(
  verdicts: readonly Verdict[],
  truth: GroundTruth,
  seed: number,
  perUnit_max = 1,
): BudgetedRecall {
  const allowed = Math.floor((perUnit_max * truth.benignOrganisationWeeks) / WEEKS_UNIT)
  const worst = new Map<string, number>()
  for (const { isFalse, finding } of verdicts) {
    if (isFalse)
      worst.set(finding.finding_id, Math.max(worst.get(finding.finding_id) ?? Number.NEGATIVE_INFINITY, finding.score))
  }
  const falseScores = [...worst.values()].sort((a, b) => b - a)
  // Everything above the first false cluster that is one too many.
  const limit = falseScores[allowed] ?? Number.NEGATIVE_INFINITY
  const scores = verdicts.map(({ finding }) => finding.score).filter((score) => score > limit)
  const score_min =
    scores.length === 0 ? null : scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY)
  return { ...campaignRecall(verdicts, truth, seed, score_min ?? Number.POSITIVE_INFINITY), score_min }
}
