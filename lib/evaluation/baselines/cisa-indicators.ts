import type { TopicName } from '../../../schemas/topics.ts'
import type { Account, Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import type { Findings, Method } from '../method.ts'
import { AccountFindings } from './account-findings.ts'
import { AccountTable } from './account-table.ts'
import { DAY_MS, UsageDay, type UsageFigures } from './usage-day.ts'

export interface CisaParameters {
  /** Of the monthly quota, in one day. */
  readonly quota_share_min: number
  /** Age below which an account at the daily thirtieth of its quota counts as new and at maximum usage. */
  readonly new_account_ms: number
  readonly networks_min: number
  readonly clients_min: number
  readonly streak_hours_min: number
  readonly votes_min: number
  readonly accounts_max: number
}

/**
 * The advisory gives no numbers, so these are ours. Those of networks, clients and idle hours are the lowest that the words allow, and
 * low enough to fire within half a day.
 */
export const CISA: CisaParameters = {
  quota_share_min: 0.1,
  new_account_ms: 3 * DAY_MS,
  networks_min: 2,
  clients_min: 2,
  streak_hours_min: 12,
  votes_min: 3,
  accounts_max: 1_000_000,
}

/**
 * B1: a vote of the five indicators of CISA's advisory AA26-251A (8 September 2026): usage out of proportion to the subscription, a new account
 * at maximum usage at once, enterprise throughput on a lesser plan, many networks and clients, and no idle hour. Enterprise
 * throughput is the hourly share of the smallest enterprise quota seen so far. An indicator whose facts are not known doesn't vote.
 */
export function cisaIndicators(parameters: CisaParameters = CISA): Method {
  return new CisaIndicators(parameters)
}

const INDICATORS = 5
const DAYS_PER_MONTH = 30
const HOURS_PER_MONTH = 720
/** Less than what one vote adds, so that how far the indicators are only orders accounts of as many votes. */
const CONTINUOUS_SHARE = 0.1

type Facts = Pick<Account, 'plan' | 'created_at_ms' | 'monthly_quota_tokens'>

interface State {
  facts: Facts | null
  readonly usage: UsageDay
}

class CisaIndicators implements Method {
  readonly name = 'B1'
  readonly summary: string
  private readonly parameters: CisaParameters
  private readonly accounts: AccountTable<State>
  private readonly findings = new AccountFindings('B1')
  private enterprise_quota_tokens = Number.POSITIVE_INFINITY

  constructor(parameters: CisaParameters) {
    this.parameters = parameters
    this.summary = `${parameters.votes_min} or more of the five indicators of AA26-251A at once`
    this.accounts = new AccountTable(parameters.accounts_max, () => ({ facts: null, usage: new UsageDay() }))
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic === 'requests') this.takeRequest(value as Request)
    else if (topic === 'accounts') this.takeAccount(value as Account)
  }

  finish(): Findings {
    return this.findings.finish()
  }

  private takeAccount({ account_id, plan, created_at_ms, monthly_quota_tokens }: Account): void {
    const account = this.accounts.of(account_id)
    if (account) account.facts = { plan, created_at_ms, monthly_quota_tokens }
    if (plan === 'enterprise' && monthly_quota_tokens)
      this.enterprise_quota_tokens = Math.min(this.enterprise_quota_tokens, monthly_quota_tokens)
  }

  private takeRequest(request: Request): void {
    const account = this.accounts.of(request.account_id)
    if (!account) return
    const ratios = this.ratios(account.facts, account.usage.add(request), request.end_time_ms)
    const votes = ratios.filter((ratio) => ratio >= 1).length
    const reach = ratios.reduce((sum, ratio) => sum + Math.min(ratio, 1), 0)
    const score = ((1 - CONTINUOUS_SHARE) * votes + CONTINUOUS_SHARE * reach) / INDICATORS
    this.findings.judge(request.account_id, request.end_time_ms, score, votes >= this.parameters.votes_min)
  }

  /** Of each indicator, how much of its threshold is reached. */
  private ratios(facts: Facts | null, figures: UsageFigures, now_ms: number): number[] {
    const { quota_share_min, new_account_ms, networks_min, clients_min, streak_hours_min } = this.parameters
    const quota = facts?.monthly_quota_tokens || Number.POSITIVE_INFINITY
    const isNew = facts?.created_at_ms != null && now_ms - facts.created_at_ms <= new_account_ms
    const isLesser = facts?.plan != null && facts.plan !== 'enterprise'
    return [
      figures.day_tokens / (quota * quota_share_min),
      isNew ? figures.day_tokens / (quota / DAYS_PER_MONTH) : 0,
      isLesser ? figures.hour_tokens / (this.enterprise_quota_tokens / HOURS_PER_MONTH) : 0,
      Math.min(figures.networks / networks_min, figures.clients / clients_min),
      figures.streak_hours / streak_hours_min,
    ]
  }
}
