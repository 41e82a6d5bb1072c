import type { TopicName } from '../../../schemas/topics.ts'
import type { Request } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import type { Findings, Method } from '../method.ts'
import { AccountFindings } from './account-findings.ts'
import { AccountTable } from './account-table.ts'
import { TrailingCount } from './trailing-count.ts'

export interface RateLimitParameters {
  readonly minute_requests_max: number
  readonly hour_requests_max: number
  readonly accounts_max: number
}

/** Limits a key in published rules: 60 a minute in DR Platform, 500 an hour in Elastic's detection rules. */
const RATE_LIMIT: RateLimitParameters = {
  minute_requests_max: 60,
  hour_requests_max: 500,
  accounts_max: 1_000_000,
}

/**
 * B0: a fixed limit of requests per account, in the trailing minute and in the trailing hour, by the end of the request. The score of
 * an account is how often it filled the limit that it filled more, at its fullest.
 */
export function rateLimit(parameters: RateLimitParameters = RATE_LIMIT): Method {
  return new RateLimit(parameters)
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

class RateLimit implements Method {
  readonly name = 'B0'
  readonly summary: string
  private readonly parameters: RateLimitParameters
  private readonly accounts: AccountTable<{ readonly minute: TrailingCount; readonly hour: TrailingCount }>
  private readonly findings = new AccountFindings('B0')

  constructor(parameters: RateLimitParameters) {
    const { minute_requests_max, hour_requests_max, accounts_max } = parameters
    this.parameters = parameters
    this.summary = `more than ${minute_requests_max} requests in a minute or ${hour_requests_max} in an hour`
    this.accounts = new AccountTable(accounts_max, () => ({
      minute: new TrailingCount(MINUTE_MS),
      hour: new TrailingCount(HOUR_MS),
    }))
  }

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic !== 'requests') return
    const { account_id, end_time_ms } = value as Request
    const account = this.accounts.of(account_id)
    if (!account) return
    const minute = account.minute.add(end_time_ms) / this.parameters.minute_requests_max
    const hour = account.hour.add(end_time_ms) / this.parameters.hour_requests_max
    const ratio = Math.max(minute, hour)
    this.findings.judge(account_id, end_time_ms, ratio, ratio > 1, ratio / (1 + ratio))
  }

  finish(): Findings {
    return this.findings.finish()
  }
}
