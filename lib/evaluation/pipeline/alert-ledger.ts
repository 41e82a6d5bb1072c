import type { Alert } from '../../../schemas/types.ts'
import type { Finding, Findings } from '../method.ts'

/** What is needed of an alert revision; CONTRACT's line has all of it too. */
export type ScoredAlert = Pick<Alert, 'alert_id' | 'event_time_ms' | 'score'> & {
  readonly accounts: readonly { readonly account_id: string; readonly score: number }[]
  readonly related_accounts: readonly { readonly account_id: string; readonly score: number }[]
}

/**
 * Reads alerts as findings. Accounts that are only related are named and not accused, whatever the action. In the scores of
 * accounts an accused one (0.5 to 1) stands above any that is only related (0 to 0.5); within, the alert's score times that of the
 * membership decides, at its highest.
 */
export class AlertLedger {
  private readonly findings: Finding[] = []
  private readonly accountScores = new Map<string, number>()

  add({ alert_id, event_time_ms, accounts, related_accounts, score }: ScoredAlert): void {
    this.findings.push({
      finding_id: alert_id,
      event_time_ms,
      accounts: accounts.map((account) => ({ account_id: account.account_id, score: account.score })),
      related: related_accounts.map(({ account_id }) => account_id),
      score,
    })
    for (const account of accounts) this.raise(account.account_id, 0.5 + (score * account.score) / 2)
    for (const account of related_accounts) this.raise(account.account_id, (score * account.score) / 2)
  }

  finish(): Findings {
    return { findings: this.findings, accountScores: this.accountScores }
  }

  private raise(account_id: string, score: number): void {
    this.accountScores.set(account_id, Math.max(score, this.accountScores.get(account_id) ?? 0))
  }
}
