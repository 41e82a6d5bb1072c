import type { GroundTruth } from '../ground-truth.ts'
import { type Proportion, proportion } from './proportion.ts'
import type { Verdict } from './verdicts.ts'

export interface Replacement {
  readonly within_1h: Proportion
  readonly within_24h: Proportion
}

const ROLES = new Set(['replacement', 'standby'])
const HOUR_MS = 3_600_000

/**
 * Accounts that took the place of banned ones, and how soon they were linked: named, accused or related, by a finding that
 * was correct for their campaign. Counted from their first request.
 */
export function replacement(verdicts: readonly Verdict[], truth: GroundTruth): Replacement {
  const linked = new Map<string, number>()
  for (const { campaign_id, finding } of verdicts) {
    if (campaign_id === null) continue
    for (const account_id of [...finding.accounts.map((account) => account.account_id), ...finding.related]) {
      if (truth.accounts.get(account_id)?.campaign_id !== campaign_id) continue
      linked.set(account_id, Math.min(linked.get(account_id) ?? Number.POSITIVE_INFINITY, finding.event_time_ms))
    }
  }
  const delays_ms = truth.campaigns
    .flatMap(({ accounts }) => accounts)
    .filter(({ role }) => ROLES.has(role))
    .map(({ account_id, first_ms }) => (linked.get(account_id) ?? Number.POSITIVE_INFINITY) - first_ms!)
  const within = (limit_ms: number) =>
    proportion(delays_ms.filter((delay_ms) => delay_ms <= limit_ms).length, delays_ms.length)
  return { within_1h: within(HOUR_MS), within_24h: within(24 * HOUR_MS) }
}
