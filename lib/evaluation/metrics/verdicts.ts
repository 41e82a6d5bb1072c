import type { GroundTruth } from '../ground-truth.ts'
import type { Finding } from '../method.ts'

/** A state of a finding beside the truth. */
export interface Verdict {
  readonly finding: Finding
  /** The campaign that it finds; null for none. */
  readonly campaign_id: string | null
  /** Most of the accused are benign. */
  readonly isFalse: boolean
  readonly benign: number
  /** Accused accounts by campaign. */
  readonly malicious: ReadonlyMap<string, number>
}

const ACCUSED_MIN = 2

/**
 * A finding is correct for a campaign when at least half of those whom it accuses are of it, and at least two are, or the
 * campaign has only one. At most one campaign qualifies, but for two that share a finding evenly: then the first by id. It is
 * false when more than half are benign. A finding that accuses nobody is neither.
 */
export function judge(findings: readonly Finding[], truth: GroundTruth): Verdict[] {
  const sizes = new Map(truth.campaigns.map(({ campaign_id, accounts }) => [campaign_id, accounts.length]))
  return findings.map((finding) => {
    const malicious = new Map<string, number>()
    let benign = 0
    for (const { account_id } of finding.accounts) {
      const campaign_id = truth.accounts.get(account_id)?.campaign_id ?? null
      if (campaign_id === null) benign++
      else malicious.set(campaign_id, (malicious.get(campaign_id) ?? 0) + 1)
    }
    const found = [...malicious]
      .filter(
        ([id, count]) => count * 2 >= finding.accounts.length && count >= Math.min(ACCUSED_MIN, sizes.get(id) ?? 1),
      )
      .map(([id]) => id)
      .sort()
    return {
      finding,
      campaign_id: found[0] ?? null,
      isFalse: benign * 2 > finding.accounts.length,
      benign,
      malicious,
    }
  })
}
