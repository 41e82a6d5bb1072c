import type { TopicName } from '../../../schemas/topics.ts'
import type { Account, Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import type { Findings, Method } from '../method.ts'
import { ExactGroups, type ExactGroupsCeilings, type Growth } from './exact-groups.ts'
import { GroupFindings } from './group-findings.ts'

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
  private readonly groups: ExactGroups
  private readonly findings: GroupFindings

  constructor(parameters: ExactMatchesParameters) {
    const { organisations_min: members_min, growth_min } = parameters
    this.findings = new GroupFindings(this.name, { members: 'organisations', members_min, growth_min })
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
      for (const account_id of group.accounts) accountScores.set(account_id, this.findings.scoreOf(group))
    return { findings: this.findings.finish(), accountScores }
  }

  private tell(growth: Growth | null, event_time_ms: number): void {
    if (growth) this.findings.tell(growth.group, growth.absorbed, event_time_ms)
  }
}
