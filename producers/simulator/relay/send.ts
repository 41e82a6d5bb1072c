import type { Random } from '../../sample/random.ts'
import { hexId } from '../../traces/ids.ts'
import type { Answer, Call, Pause, Size } from '../actor.ts'
import type { Head } from '../pool/head.ts'
import type { Pool } from '../pool/pool.ts'
import type { Job } from './job.ts'

/** Further accounts, or further attempts, after the first. */
export const RETRIES_MAX = 3

/** Where a job was done in the end. */
export interface Delivery {
  readonly head: Head
  readonly answer: Answer
}

/**
 * Has a job done, with `yield*` from any actor. A relay that hops sends the same body to the next account within seconds; one
 * that does not asks the same account again, as every SDK does. Undefined when nobody is ready or all attempts failed.
 */
export function* send(
  pool: Pool,
  job: Job,
  arrives_ms: number,
  hops: boolean,
  random: Random,
): Generator<Call | Pause, Delivery | undefined, Answer> {
  let at_ms = arrives_ms
  let head: Head | undefined
  for (let attempt = 0; attempt <= RETRIES_MAX; attempt++) {
    if (head === undefined || hops) head = pool.choose(job.conversation, job.size, at_ms)
    if (head === undefined) return undefined
    const chosen = head
    const { conversation, content, cachedBy, ...call } = job
    const answer: Answer = yield {
      ...call,
      account: chosen.account,
      at_ms,
      size: cachedBy === chosen ? withCache(job.size) : job.size,
      content: () => content(chosen),
      ...(conversation === undefined ? {} : { session_id: sessionId(chosen, conversation) }),
    }
    pool.heard(chosen, answer)
    if (answer.status === 200) return { head: chosen, answer }
    if (!hops && answer.status === 403) return undefined
    at_ms = answer.end_ms + (hops ? random.between(1_000, 4_000) : random.between(20_000, 90_000) * 2 ** attempt)
    yield { until_ms: at_ms }
  }
  return undefined
}

const CACHED_SHARE = 0.7

function withCache(size: Size): Size {
  return { ...size, cache_read_tokens: Math.round(size.input_tokens * CACHED_SHARE) }
}

/** The relay writes a session of its own over the customer's: derived, so that it is stable, and different per account. */
function sessionId({ account }: Head, conversation: string): string {
  return `sess-${hexId(16, account.device_id ?? account.record.account_id, conversation)}`
}
