import { compareText } from '../../stream/order.ts'
import type { Finding } from '../method.ts'

/** By what share of its accounts a component must have grown to be told again. */
const GROWTH_MIN = 0.2

/**
 * Findings of a method that looks for components now and then, from nothing each time. A component is known by its first account in
 * the order of names; what it accused stays accused when it has shrunk or gone.
 */
export class ComponentFindings {
  private readonly method: string
  private readonly findings: Finding[] = []
  private readonly told = new Map<string, number>()

  constructor(method: string) {
    this.method = method
  }

  tell(component: readonly string[], score: number, event_time_ms: number): void {
    const accounts = [...component].sort(compareText)
    const finding_id = `${this.method}:${accounts[0]!}`
    if (accounts.length < (this.told.get(finding_id) ?? 0) * (1 + GROWTH_MIN)) return
    this.told.set(finding_id, accounts.length)
    this.findings.push({
      finding_id,
      event_time_ms,
      accounts: accounts.map((account_id) => ({ account_id, score: 1 })),
      related: [],
      score,
    })
  }

  finish(): Finding[] {
    return this.findings
  }
}
