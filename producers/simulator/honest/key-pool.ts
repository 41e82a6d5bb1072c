import type { Account } from '../account.ts'
import type { Answer, Call, Pause } from '../actor.ts'

/** Rest of a key after an error, as public gateways have it. */
const REST_MS: Record<number, number> = {
  401: 1_800_000,
  403: 1_800_000,
  429: 60_000,
  500: 10_000,
  504: 300_000,
  529: 600_000,
}
const FAILOVERS_MAX = 3
const STICKY_MS = 3_600_000
/** Conversations that are remembered; the oldest is forgotten. */
const STICKY_MAX = 20_000

/**
 * The honest twin of a relay's pool: the key that rested longest takes the call, conversations stay with their key for an
 * hour, and a call that fails goes to the next key with the same body.
 */
export function createKeyPool(keys: readonly Account[]) {
  const used = new Map<Account, number>(keys.map((key, index) => [key, index - keys.length]))
  const rests = new Map<Account, number>()
  const sticky = new Map<string, { key: Account; until_ms: number }>()
  let uses = 0

  const choose = (at_ms: number, session_id: string | undefined): Account => {
    const known = session_id === undefined ? undefined : sticky.get(session_id)
    const ready = keys.filter((key) => (rests.get(key) ?? 0) <= at_ms)
    const stays = known !== undefined && known.until_ms > at_ms && ready.includes(known.key)
    const candidates = ready.length > 0 ? ready : keys
    const chosen = stays ? known.key : candidates.reduce((a, b) => (used.get(b)! < used.get(a)! ? b : a))
    used.set(chosen, uses++)
    if (session_id !== undefined && !stays) {
      sticky.set(session_id, { key: chosen, until_ms: at_ms + STICKY_MS })
      if (sticky.size > STICKY_MAX) sticky.delete(sticky.keys().next().value!)
    }
    return chosen
  }

  return {
    /** One call through the pool, as the rest of an actor. */
    *send(call: Omit<Call, 'account'>): Generator<Call | Pause, Answer, Answer> {
      let at_ms = call.at_ms
      for (let attempt = 0; ; attempt++) {
        const account = choose(at_ms, call.session_id)
        const answer = yield { ...call, account, at_ms }
        const rest_ms = REST_MS[answer.status]
        if (rest_ms === undefined) return answer
        rests.set(account, answer.end_ms + rest_ms)
        if (attempt === FAILOVERS_MAX) return answer
        at_ms = answer.end_ms + 200
      }
    },
  }
}
