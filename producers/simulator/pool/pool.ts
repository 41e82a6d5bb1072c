import type { Account } from '../account.ts'
import type { Answer, Size } from '../actor.ts'
import type { Evasion } from '../evasion.ts'
import { createHead, type Head } from './head.ts'
import { createStickySessions } from './sticky.ts'

const SECOND_MS = 1_000
const DAY_MS = 86_400_000
const DAYS_PER_MONTH = 30

/** Rest after an error, as the open relay programs have it (claude-relay-service @8479c7ce, sub2api @d3e73f12). */
export const REST_MS: Readonly<Record<number, number>> = {
  401: 1_800 * SECOND_MS,
  403: 1_800 * SECOND_MS,
  429: 300 * SECOND_MS,
  504: 300 * SECOND_MS,
  529: 600 * SECOND_MS,
}
/** An account that is refused so often in a row is given up. */
const REFUSALS_MAX = 2

export interface PoolHabits extends Pick<Evasion, 'sticky_ms' | 'ramp_ms' | 'quotaShare_max'> {
  /** Of one account at its full rate; infinite: as many as come. */
  readonly requestsPerDay_max: number
}

/** Many accounts that take turns, so that to their provider one customer looks like many. */
export interface Pool {
  /** Accounts that are not given up, resting ones included. */
  readonly size: number
  readonly heads: Iterable<Head>
  join(account: Account, at_ms: number): Head
  /**
   * The head that a conversation sticks to, else the one that was used least recently; undefined when all rest. Counts as a use.
   */
  choose(conversation: string | undefined, size: Size, at_ms: number): Head | undefined
  /** What the provider said: an error lets the head rest, repeated refusal ends it. */
  heard(head: Head, answer: Answer): void
}

/** @param lost told once per head, when it is refused for the first time: its owner takes it for banned */
export function createPool(habits: PoolHabits, lost: (head: Head, at_ms: number) => void): Pool {
  // A Map keeps the order of insertion: whoever is used goes to its end, so its front rested longest.
  const heads = new Map<string, Head>()
  const sticky = createStickySessions(habits.sticky_ms)

  const use = (head: Head, size: Size): Head => {
    const { account_id } = head.account.record
    heads.delete(account_id)
    heads.set(account_id, head)
    head.requests++
    head.tokens += size.input_tokens + size.output_tokens
    return head
  }

  const isReady = (head: Head, at_ms: number): boolean => {
    if (head.rests_ms > at_ms) return false
    if (at_ms - head.day_ms >= DAY_MS) {
      head.day_ms += Math.floor((at_ms - head.day_ms) / DAY_MS) * DAY_MS
      head.requests = head.tokens = 0
    }
    const grown = habits.ramp_ms === 0 ? 1 : Math.min(1, 0.1 + (at_ms - head.joined_ms) / habits.ramp_ms)
    if (head.requests >= habits.requestsPerDay_max * grown) return false
    const quota_tokens = head.account.record.monthly_quota_tokens / DAYS_PER_MONTH
    return head.tokens < quota_tokens * habits.quotaShare_max
  }

  return {
    get size() {
      return heads.size
    },
    get heads() {
      return heads.values()
    },
    join(account, at_ms) {
      const head = createHead(account, at_ms)
      heads.set(account.record.account_id, head)
      return head
    },
    choose(conversation, size, at_ms) {
      const known = conversation === undefined ? undefined : sticky.find(conversation, at_ms)
      if (known !== undefined && heads.has(known.account.record.account_id)) {
        if (known.rests_ms <= at_ms) return use(known, size)
        // Where conversations stay, nobody but their own account may continue them.
        if (habits.sticky_ms === Number.POSITIVE_INFINITY) return undefined
      }
      for (const head of heads.values()) {
        if (!isReady(head, at_ms)) continue
        if (conversation !== undefined) sticky.bind(conversation, head, at_ms)
        return use(head, size)
      }
      return undefined
    },
    heard(head, { status, end_ms }) {
      if (status === 200) {
        head.refusals = 0
        return
      }
      head.rests_ms = end_ms + (REST_MS[status] ?? 0)
      if (status !== 401 && status !== 403) return
      head.refusals++
      if (head.refusals === 1) lost(head, end_ms)
      if (head.refusals >= REFUSALS_MAX) heads.delete(head.account.record.account_id)
    },
  }
}
