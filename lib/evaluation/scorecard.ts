import type { GroundTruth } from './ground-truth.ts'
import type { Findings } from './method.ts'
import { type AccountRecall, accountRecall } from './metrics/account-recall.ts'
import { type Calibration, calibration } from './metrics/calibration.ts'
import { campaignReach } from './metrics/campaign-reach.ts'
import { type BudgetedRecall, type CampaignRecall, campaignRecall, recallAtBudget } from './metrics/campaign-recall.ts'
import { type ClusterQuality, clusterQuality } from './metrics/cluster-quality.ts'
import { type Collateral, collateral } from './metrics/collateral.ts'
import { type HardNegative, hardNegatives } from './metrics/hard-negatives.ts'
import { type CampaignLeakage, leakage } from './metrics/leakage.ts'
import type { Proportion } from './metrics/proportion.ts'
import { type Replacement, replacement } from './metrics/replacement.ts'
import { judge } from './metrics/verdicts.ts'

/** Everything that is measured of one method on one stream. Plain data. */
export interface Scorecard {
  readonly method: string
  readonly summary: string
  /** At the method's own threshold. */
  readonly campaigns: CampaignRecall
  /** At no more than one false cluster per 10,000 benign organisation-weeks. */
  readonly budgeted: BudgetedRecall
  /** Campaigns of which two accounts were ever accused, by whatever findings, right or wrong. */
  readonly reached: Proportion
  readonly accounts: AccountRecall
  readonly leakage: readonly CampaignLeakage[]
  readonly clusters: ClusterQuality
  readonly collateral: Collateral
  readonly hardNegatives: readonly HardNegative[]
  readonly replacement: Replacement
  readonly calibration: Calibration
}

export function scorecard(
  { name, summary }: { readonly name: string; readonly summary: string },
  { findings, accountScores }: Findings,
  truth: GroundTruth,
  seed: number,
): Scorecard {
  const verdicts = judge(findings, truth)
  const accused = new Set(findings.flatMap(({ accounts }) => accounts.map(({ account_id }) => account_id)))
  return {
    method: name,
    summary,
    campaigns: campaignRecall(verdicts, truth, seed),
    budgeted: recallAtBudget(verdicts, truth, seed),
    reached: campaignReach((account_id) => accused.has(account_id), truth),
    accounts: accountRecall(accountScores, truth, seed),
    leakage: leakage(verdicts, truth),
    clusters: clusterQuality(verdicts, truth),
    collateral: collateral(verdicts, truth),
    hardNegatives: hardNegatives(verdicts, truth),
    replacement: replacement(verdicts, truth),
    calibration: calibration(verdicts),
  }
}
