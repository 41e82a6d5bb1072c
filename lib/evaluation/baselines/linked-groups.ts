import type { Finding } from '../method.ts'
import { GroupFindings, type GroupFindingsParameters } from './group-findings.ts'

export interface LinkedAccount {
  readonly account_id: string
  readonly org_id: string
}

interface LinkedGroup {
  readonly founder: string
  readonly accounts: Set<string>
  readonly organisations: Set<string>
}

/**
 * Connected components of accounts under links between two, and their findings. The smaller moves into the larger. Links never
 * expire. What it holds is bounded by the accounts that link.
 */
export class LinkedGroups {
  private readonly groups = new Map<string, LinkedGroup>()
  private readonly findings: GroupFindings

  constructor(method: string, parameters: GroupFindingsParameters) {
    this.findings = new GroupFindings(method, parameters)
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
    this.findings.tell(to, [from], event_time_ms)
  }

  finish(): Finding[] {
    return this.findings.finish()
  }

  private of({ account_id, org_id }: LinkedAccount): LinkedGroup {
    let group = this.groups.get(account_id)
    if (!group) {
      group = { founder: account_id, accounts: new Set([account_id]), organisations: new Set([org_id]) }
      this.groups.set(account_id, group)
    }
    return group
  }
}
