import { compareText } from '../../stream/order.ts'
import type { Finding, Findings } from '../method.ts'

/** Findings of a method that judges each account alone: one when it first passes, and its worst score. */
export class AccountFindings {
  private readonly method: string
  private readonly accused = new Map<string, Finding>()
  private readonly accountScores = new Map<string, number>()

  constructor(method: string) {
    this.method = method
  }

  /** `score` is what curves are drawn from; `certainty`, 0 to 1, is that of a finding. */
  judge(account_id: string, event_time_ms: number, score: number, isAccused: boolean, certainty = score): void {
    const worst = this.accountScores.get(account_id)
    if (worst === undefined || score > worst) this.accountScores.set(account_id, score)
    if (!isAccused || this.accused.has(account_id)) return
    this.accused.set(account_id, {
      finding_id: `${this.method}:${account_id}`,
      event_time_ms,
      accounts: [{ account_id, score: 1 }],
      related: [],
      score: certainty,
    })
  }

  finish(): Findings {
    const findings = [...this.accused.values()].sort(compareFindings)
    return { findings, accountScores: this.accountScores }
  }
}

function compareFindings(a: Finding, b: Finding): number {
  return a.event_time_ms - b.event_time_ms || compareText(a.finding_id, b.finding_id)
}
