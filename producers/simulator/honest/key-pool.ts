import type { Account } from '../account.ts'
import type { Answer, Call, Pause } from '../actor.ts'
import { createPool } from '../pool/pool.ts'

const FAILOVERS_MAX = 3
const FAILOVER_MS = 200
const HOUR_MS = 3_600_000
const NO_CEILING = Number.POSITIVE_INFINITY

/**
 * A company's gateway over its own keys: the pool of a relay, used openly. Sessions keep the customer's name, a call that
 * fails goes to the next key with the same body, and nobody replaces a key that is refused.
 */
export function createKeyPool(keys: readonly Account[], from_ms: number) {
  const pool = createPool(
    { sticky_ms: HOUR_MS, ramp_ms: 0, quotaShare_max: NO_CEILING, requestsPerDay_max: NO_CEILING },
    () => undefined,
  )
  for (const key of keys) pool.join(key, from_ms)
  return {
    /** One call through the pool, as the rest of an actor. Undefined when every key rests. */
    *send(call: Omit<Call, 'account'>): Generator<Call | Pause, Answer | undefined, Answer> {
      let at_ms = call.at_ms
      let answer: Answer | undefined
      for (let attempt = 0; attempt <= FAILOVERS_MAX; attempt++) {
        const key = pool.choose(call.session_id, call.size, at_ms)
        if (key === undefined) return answer
        answer = yield { ...call, account: key.account, at_ms }
        pool.heard(key, answer)
        if (answer.status === 200) return answer
        at_ms = answer.end_ms + FAILOVER_MS
      }
      return answer
    },
  }
}
