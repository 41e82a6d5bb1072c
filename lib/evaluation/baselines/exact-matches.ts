import type { TopicName } from '../../../schemas/topics.ts'
import type { Account, Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import { compareText } from '../../stream/order.ts'
import type { Finding, Findings, Method } from '../method.ts'
import { type ExactGroup, ExactGroups, type ExactGroupsCeilings, type Growth } from './exact-groups.ts'

export interface ExactMatchesParameters extends ExactGroupsCeilings {
  readonly organisations_min: number
  /** By what share of its accounts a component must have grown to be told again. */
  readonly growth_min: number
}

export const EXACT_MATCHES: ExactMatchesParameters = {
  organisations_min: 3,
  growth_min: 0.2,
  accounts_max: 1_000_000,
  objects_max: 2_000_000,
}

/**
 * B7: components over exact matches of payment fingerprints and networks, those of sign-up and of requests alike. Matches never
 * expire and weigh the same however many hold the object, as union-find rules have it.
 */
export function exactMatches(parameters: ExactMatchesParameters = EXACT_MATCHES): Method {
  return new ExactMatches(parameters)
}

class ExactMatches implements Method {
  readonly name = 'B7'
  readonly summary: string
  private readonly parameters: ExactMatchesParameters
  private readonly groups: ExactGroups
  private readonly findings: Finding[] = []
  /** Accounts in the last state of each finding. */
  private readonly told = new Map<ExactGroup, number>()

  constructor(parameters: ExactMatchesParameters) {
    this.parameters = parameters
    this.summary = `${parameters.organisations_min} organisations or more linked by equal payment fingerprints or networks`
    this.groups = new ExactGroups(parameters)
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic === 'requests') this.tell(this.groups.request(value as Request), (value as Request).end_time_ms)
    else if (topic === 'accounts') this.tell(this.groups.account(value as Account), (value as Account).event_time_ms)
  }

  finish(): Findings {
    const accountScores = new Map<string, number>()
    for (const group of this.groups.all())
      for (const account_id of group.accounts) accountScores.set(account_id, scoreOf(group))
    // The sort is stable: states of one finding stay in the order in which they were told.
    const findings = this.findings.sort((a, b) => a.event_time_ms - b.event_time_ms)
    return { findings, accountScores }
  }

  private tell(growth: Growth | null, event_time_ms: number): void {
    if (!growth) return
    const { group, absorbed } = growth
    const { organisations_min, growth_min } = this.parameters
    let isMerged = false
    for (const from of absorbed) {
      if (!this.told.delete(from)) continue
      isMerged = true
      this.findings.push({ finding_id: idOf(from), event_time_ms, accounts: [], related: [], score: 0 })
    }
    if (group.organisations.size < organisations_min) return
    const told = this.told.get(group)
    // Whom a finding that was taken back accused must not be forgotten.
    if (told !== undefined && !isMerged && group.accounts.size < told * (1 + growth_min)) return
    this.told.set(group, group.accounts.size)
    this.findings.push({
      finding_id: idOf(group),
      event_time_ms,
      accounts: [...group.accounts].sort(compareText).map((account_id) => ({ account_id, score: 1 })),
      related: [],
      score: scoreOf(group),
    })
  }
}

function idOf({ founder }: ExactGroup): string {
  return `B7:${founder}`
}

/** Of n organisations, the share that others of the component account for: 0 for one that stands alone. */
function scoreOf({ organisations }: ExactGroup): number {
  return 1 - 1 / organisations.size
}
