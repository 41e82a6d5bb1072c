import type { TopicName } from '../../schemas/topics.ts'
import type { Request } from '../../schemas/types.ts'
import type { TopicValues } from '../../schemas/values.ts'

export const WEEK_MS = 7 * 86_400_000

/** What one account did over the stream. */
export interface AccountActivity {
  requests: number
  first_ms: number
  last_ms: number
  /** Weeks since the start of the stream in which there was a request. */
  readonly weeks: Set<number>
  /** Answers that it got: the end of each, and its output tokens. In the order of arrival. */
  readonly answer_ms: number[]
  readonly answer_tokens: number[]
}

const FAILED_FROM = 400

/** Keeps of a stream what the truth is later made of. Sixteen bytes per answer, so a standard run fits in memory. */
export class Activity {
  readonly accounts = new Map<string, AccountActivity>()
  /** Accounts of whom there is a record, with or without requests. */
  readonly organisations = new Map<string, string>()
  start_ms = Number.POSITIVE_INFINITY
  end_ms = Number.NEGATIVE_INFINITY
  requests = 0

  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void {
    if (topic === 'requests') this.takeRequest(value as Request)
    else if (topic === 'accounts') {
      const { account_id, org_id } = value as TopicValues['accounts']
      this.organisations.set(account_id, org_id)
    }
  }

  private takeRequest({ account_id, event_time_ms, end_time_ms, response, usage }: Request): void {
    this.requests++
    this.start_ms = Math.min(this.start_ms, event_time_ms)
    this.end_ms = Math.max(this.end_ms, end_time_ms)
    let account = this.accounts.get(account_id)
    if (!account) {
      account = {
        requests: 0,
        first_ms: event_time_ms,
        last_ms: event_time_ms,
        weeks: new Set(),
        answer_ms: [],
        answer_tokens: [],
      }
      this.accounts.set(account_id, account)
    }
    account.requests++
    account.first_ms = Math.min(account.first_ms, event_time_ms)
    account.last_ms = Math.max(account.last_ms, event_time_ms)
    account.weeks.add(Math.floor((event_time_ms - this.start_ms) / WEEK_MS))
    if (response.status >= FAILED_FROM) return
    account.answer_ms.push(end_time_ms)
    account.answer_tokens.push(usage.output_tokens ?? 0)
  }
}
