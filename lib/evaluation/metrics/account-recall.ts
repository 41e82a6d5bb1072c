import type { GroundTruth } from '../ground-truth.ts'
import { type CurvePoint, eventPrAuc, partialAuc, recallAt, rocCurve, scoreGroups } from './account-curve.ts'
import { bootstrap, type Interval } from './bootstrap.ts'
import { campaignReach } from './campaign-reach.ts'
import { type Proportion, proportion } from './proportion.ts'

export interface RecallAtRate {
  readonly fpr: number
  readonly recall: number | null
  /** Accounts as if independent, hits rounded down. */
  readonly exact: Proportion
  /** By resampling campaigns with the curve's threshold kept; null below two. */
  readonly interval: Interval | null
  /** Campaigns with two accounts whose score is above those of all but the benign ones that the rate allows. */
  readonly campaigns: Proportion
  /** Benign accounts that the rate allows; below 1 the sample is too small for it, and the figure is that of none at all. */
  readonly benign_allowed: number
}

export interface AccountRecall {
  readonly at: readonly RecallAtRate[]
  readonly event_pr_auc: number | null
  /** Malicious events among all: what chance would have. */
  readonly event_share: number | null
  readonly partial_auc_1e3: number | null
  /** The curve up to a false positive rate of 1%. */
  readonly curve: readonly CurvePoint[]
}

const RATES = [1e-3, 1e-4]
const CURVE_MAX = 1e-2

/** How well the scores of accounts separate malicious from benign ones, where false positives are rare enough to matter. */
export function accountRecall(scores: ReadonlyMap<string, number>, truth: GroundTruth, seed: number): AccountRecall {
  const groups = scoreGroups(scores, truth)
  const points = rocCurve(groups)
  const malicious = groups.reduce((sum, group) => sum + group.malicious, 0)
  const benign = groups.reduce((sum, group) => sum + group.benign, 0)
  const canJudge = malicious > 0 && benign > 0
  const benignScores = scoresOfBenign(scores, truth)
  return {
    at: RATES.map((fpr) => {
      const recall = canJudge ? recallAt(points, fpr) : null
      return {
        fpr,
        recall,
        exact: proportion(Math.floor((recall ?? 0) * malicious + 1e-9), canJudge ? malicious : 0),
        interval: canJudge ? byCampaign(scores, truth, fpr, seed) : null,
        campaigns: campaignReach((id) => scoreOf(scores, id) > threshold(benignScores, fpr), truth),
        benign_allowed: fpr * benign,
      }
    }),
    event_pr_auc: eventPrAuc(groups),
    event_share: truth.requests === 0 ? null : truth.maliciousRequests / truth.requests,
    partial_auc_1e3: canJudge ? partialAuc(points, 1e-3) : null,
    curve: canJudge ? upTo(points, CURVE_MAX) : [],
  }
}

/** Each campaign's own recall against all of the benign, weighted by its accounts, drawn again by campaign. */
function byCampaign(
  scores: ReadonlyMap<string, number>,
  truth: GroundTruth,
  fpr: number,
  seed: number,
): Interval | null {
  const credit = creditAt(scoresOfBenign(scores, truth), fpr)
  const own = truth.campaigns.map(({ accounts }) => ({
    size: accounts.length,
    found: accounts.reduce((sum, { account_id }) => sum + credit(scoreOf(scores, account_id)), 0),
  }))
  const total = (drawn: readonly (typeof own)[number][], field: 'size' | 'found') =>
    drawn.reduce((sum, item) => sum + item[field], 0)
  return bootstrap(own, (drawn) => total(drawn, 'found') / total(drawn, 'size'), seed)
}

/**
 * What an account of a score counts for at a false positive rate: 1 above the threshold, 0 below, a part of 1 in the tie at it.
 * `benign` falls.
 */
function creditAt(benign: readonly number[], fpr: number): (score: number) => number {
  const limit = threshold(benign, fpr)
  const above = benign.indexOf(limit)
  const tied = benign.filter((score) => score === limit).length
  return (score) => (score > limit ? 1 : score < limit ? 0 : (fpr * benign.length - above) / tied)
}

/** The benign score in whose tie the rate, below 1, is used up. `benign` falls; without any, everybody is above. */
function threshold(benign: readonly number[], fpr: number): number {
  return benign[Math.floor(fpr * benign.length)] ?? Number.NEGATIVE_INFINITY
}

/** Falling, of benign accounts with requests. */
function scoresOfBenign(scores: ReadonlyMap<string, number>, { accounts }: GroundTruth): number[] {
  return [...accounts.values()]
    .filter(({ campaign_id, requests }) => campaign_id === null && requests > 0)
    .map(({ account_id }) => scoreOf(scores, account_id))
    .sort((a, b) => b - a)
}

function scoreOf(scores: ReadonlyMap<string, number>, account_id: string): number {
  return scores.get(account_id) ?? Number.NEGATIVE_INFINITY
}

function upTo(points: readonly CurvePoint[], fpr_max: number): CurvePoint[] {
  const within = points.filter(({ fpr }) => fpr < fpr_max)
  return [...within, { fpr: fpr_max, recall: recallAt(points, fpr_max) }]
}
