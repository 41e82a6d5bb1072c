import { compareText } from '../../stream/order.ts'
import type { Finding } from '../method.ts'

export interface GroupFindingsParameters {
  readonly members: 'accounts' | 'organisations'
  readonly members_min: number
  /** By what share of its accounts a group must have grown to be told again. */
  readonly growth_min: number
}

/** A component that grows and swallows others. */
export interface Group {
  /** Names its findings. */
  readonly founder: string
  readonly accounts: ReadonlySet<string>
  readonly organisations: ReadonlySet<string>
}

/**
 * A finding for each group that is large enough. What was said of a group that another has swallowed stands until the other is told
 * again, so that nobody is let go in between, and what is written down grows with the number of accounts and not with its square.
 */
export class GroupFindings {
  private readonly method: string
  private readonly parameters: GroupFindingsParameters
  private readonly findings: Finding[] = []
  /** Accounts in the last state of each finding. */
  private readonly told = new Map<Group, number>()
  /** Those that are part of the group now, and whose findings still stand. */
  private readonly swallowed = new Map<Group, Group[]>()

  constructor(method: string, parameters: GroupFindingsParameters) {
    this.method = method
    this.parameters = parameters
  }

  /** `absorbed`: groups that have become a part of it since. */
  tell(group: Group, absorbed: readonly Group[], event_time_ms: number): void {
    const { members, members_min, growth_min } = this.parameters
    for (const from of absorbed) this.swallow(group, from)
    if (group[members].size < members_min) return
    const told = this.told.get(group)
    if (told !== undefined && group.accounts.size < told * (1 + growth_min)) return
    for (const from of this.swallowed.get(group) ?? [])
      this.findings.push({ finding_id: this.idOf(from), event_time_ms, accounts: [], related: [], score: 0 })
    this.swallowed.delete(group)
    this.told.set(group, group.accounts.size)
    this.findings.push({
      finding_id: this.idOf(group),
      event_time_ms,
      accounts: [...group.accounts].sort(compareText).map((account_id) => ({ account_id, score: 1 })),
      related: [],
      score: this.scoreOf(group),
    })
  }

  /** In the order of event time; states of one finding stay in the order in which they were told. */
  finish(): Finding[] {
    return this.findings.sort((a, b) => a.event_time_ms - b.event_time_ms)
  }

  /** Of n members, the share that the others account for: 0 for one that stands alone. */
  scoreOf(group: Group): number {
    return 1 - 1 / group[this.parameters.members].size
  }

  private swallow(group: Group, from: Group): void {
    const standing = this.swallowed.get(from) ?? []
    if (this.told.delete(from)) standing.push(from)
    this.swallowed.delete(from)
    const before = this.swallowed.get(group)
    if (before) before.push(...standing)
    else this.swallowed.set(group, standing)
  }

  private idOf({ founder }: Group): string {
    return `${this.method}:${founder}`
  }
}
