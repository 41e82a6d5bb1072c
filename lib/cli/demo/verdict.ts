import type { LabelLine } from '../../../producers/sample/traffic.ts'
import type { Alert } from '../../../schemas/types.ts'

/** How the alerts compare with the truth, for one planted campaign or for the ordinary accounts together. */
export interface Verdict {
  readonly truth: string
  /** Accounts that sent something. */
  readonly accounts: number
  /** Named by the last revision of some alert. */
  readonly accused: number
  /** Named by any revision, also one that was taken back. */
  readonly ever_accused: number
  /** Linked by a last revision, and not accused. */
  readonly linked: number
}

/** Compares the alerts of a run with its labels. Only accounts with requests count. */
export function judge(alerts: readonly Alert[], labels: Iterable<LabelLine>): Verdict[] {
  const last = new Map(alerts.map((alert) => [alert.alert_id, alert]))
  const ids = (list: Iterable<Alert>, of: 'accounts' | 'related_accounts') =>
    new Set([...list].flatMap((alert) => alert[of].map(({ account_id }) => account_id)))
  const accused = ids(last.values(), 'accounts')
  const linked = ids(last.values(), 'related_accounts')
  const everAccused = ids(alerts, 'accounts')
  const groups = new Map<string, string[]>()
  for (const { account_id, label, campaign_id, first_event } of labels) {
    if (first_event === null) continue
    const truth = label === 'benign' ? 'ordinary' : (campaign_id ?? 'malicious')
    groups.set(truth, [...(groups.get(truth) ?? []), account_id])
  }
  return [...groups].map(([truth, accounts]) => ({
    truth,
    accounts: accounts.length,
    accused: accounts.filter((account) => accused.has(account)).length,
    ever_accused: accounts.filter((account) => everAccused.has(account)).length,
    linked: accounts.filter((account) => linked.has(account) && !accused.has(account)).length,
  }))
}
