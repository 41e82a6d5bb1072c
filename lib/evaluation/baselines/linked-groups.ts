import { compareText } from '../../stream/order.ts'
import type { Finding } from '../method.ts'

export interface LinkedGroupsParameters {
  readonly members_min: number
  readonly members: 'accounts' | 'organisations'
  /** By what share of its accounts a component must have grown to be told again. */
  readonly growth_min: number
}

export interface LinkedAccount {
  readonly account_id: string
  readonly org_id: string
}

interface Group {
  /** Names its findings. */
  readonly founder: string
  readonly accounts: Set<string>
  readonly organisations: Set<string>
  /** Accounts in the last state of its finding; 0: not told. */
  told: number
}

/**
 * Connected components of accounts under links between two, and a finding for each that is large enough. The smaller moves
 * into the larger, and its finding is taken back. Links never expire. What it holds is bounded by the accounts that link.
 */
export class LinkedGroups {
  private readonly method: string
  private readonly parameters: LinkedGroupsParameters
  private readonly groups = new Map<string, Group>()
  private readonly findings: Finding[] = []

  constructor(method: string, parameters: LinkedGroupsParameters) {
    this.method = method
    this.parameters = parameters
  }

  link(a: LinkedAccount, b: LinkedAccount, event_time_ms: number): void {
    const [one, other] = [this.of(a), this.of(b)]
    if (one === other) return
    const [from, to] = one.accounts.size < other.accounts.size ? [one, other] : [other, one]
    for (const account_id of from.accounts) {
      to.accounts.add(account_id)
      this.groups.set(account_id, to)
    }
    for (const org_id of from.organisations) to.organisations.add(org_id)
    if (from.told > 0)
      this.findings.push({ finding_id: this.idOf(from), event_time_ms, accounts: [], related: [], score: 0 })
    this.tell(to, event_time_ms, from.told > 0)
  }

  /** In the order of event time; states of one finding stay in the order in which they were told. */
  finish(): Finding[] {
    return this.findings.sort((a, b) => a.event_time_ms - b.event_time_ms)
  }

  private of({ account_id, org_id }: LinkedAccount): Group {
    let group = this.groups.get(account_id)
    if (!group) {
      group = { founder: account_id, accounts: new Set([account_id]), organisations: new Set([org_id]), told: 0 }
      this.groups.set(account_id, group)
    }
    return group
  }

  private tell(group: Group, event_time_ms: number, isMerged: boolean): void {
    const { members, members_min, growth_min } = this.parameters
    const size = group[members].size
    if (size < members_min) return
    // Whom a finding that was taken back accused must not be forgotten.
    if (group.told > 0 && !isMerged && group.accounts.size < group.told * (1 + growth_min)) return
    group.told = group.accounts.size
    this.findings.push({
      finding_id: this.idOf(group),
      event_time_ms,
      accounts: [...group.accounts].sort(compareText).map((account_id) => ({ account_id, score: 1 })),
      related: [],
      score: 1 - 1 / size,
    })
  }

  private idOf({ founder }: Group): string {
    return `${this.method}:${founder}`
  }
}
