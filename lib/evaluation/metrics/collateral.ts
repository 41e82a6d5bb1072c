import type { GroundTruth, TrueAccount } from '../ground-truth.ts'
import { type Proportion, proportion } from './proportion.ts'
import type { Verdict } from './verdicts.ts'

export interface Collateral {
  /** Benign accounts among all that were ever accused. */
  readonly benignAmongAccused: Proportion
  /** The same of the ordinary accounts, those of no hard negative, among all with requests. */
  readonly backbone: Proportion
  /** Benign accounts that findings correct for a campaign accuse, at their worst, per such finding. */
  readonly benignPerCorrect: number | null
  readonly findings: number
  readonly correctFindings: number
  readonly falseFindings: number
  /** Campaigns that more than one finding is correct for. */
  readonly splitCampaigns: number
  /** Findings that at some time accused two accounts or more of each of two campaigns or more. */
  readonly mergingFindings: number
}

const MERGED_MIN = 2

/** What acting on the findings would do to those who did nothing, and how findings and campaigns fail to match. */
export function collateral(verdicts: readonly Verdict[], truth: GroundTruth): Collateral {
  const accused = new Set(verdicts.flatMap(({ finding }) => finding.accounts.map(({ account_id }) => account_id)))
  const accounts = [...accused].map((account_id) => truth.accounts.get(account_id)!)
  const accusing = new Set(verdicts.filter(({ finding }) => finding.accounts.length > 0).map(idOf))
  const correct = verdicts.filter(({ campaign_id }) => campaign_id !== null)
  const worst = new Map<string, number>()
  const finders = new Map<string, Set<string>>()
  for (const verdict of correct) {
    const id = idOf(verdict)
    worst.set(id, Math.max(worst.get(id) ?? 0, verdict.benign))
    finders.set(verdict.campaign_id!, (finders.get(verdict.campaign_id!) ?? new Set()).add(id))
  }
  const merging = verdicts.filter(({ malicious }) => [...malicious.values()].filter((n) => n >= MERGED_MIN).length > 1)
  const backbone = [...truth.accounts.values()].filter(isBackbone)
  return {
    benignAmongAccused: proportion(accounts.filter(({ campaign_id }) => campaign_id === null).length, accounts.length),
    backbone: proportion(backbone.filter(({ account_id }) => accused.has(account_id)).length, backbone.length),
    benignPerCorrect: worst.size === 0 ? null : [...worst.values()].reduce((sum, n) => sum + n, 0) / worst.size,
    findings: accusing.size,
    correctFindings: worst.size,
    falseFindings: new Set(verdicts.filter(({ isFalse }) => isFalse).map(idOf)).size,
    splitCampaigns: [...finders.values()].filter((ids) => ids.size > 1).length,
    mergingFindings: new Set(merging.map(idOf)).size,
  }
}

function isBackbone({ campaign_id, requests, instance }: TrueAccount): boolean {
  return campaign_id === null && requests > 0 && instance === null
}

function idOf({ finding }: Verdict): string {
  return finding.finding_id
}
