import type { Random } from '../sample/random.ts'
import { hexId } from '../traces/ids.ts'
import { assumedLatency_ms } from '../traces/latency.ts'
import type { Answer, Call } from './actor.ts'
import { createOverload } from './overload.ts'
import { createRateLimit } from './rate-limit.ts'
import type { Draft } from './render.ts'
import type { Enforcement } from './simulation.ts'
import type { Window } from './stage.ts'

/** The provider's door: it lets calls through or turns them away, and takes the time that an answer of this size takes. */
export interface Gateway {
  answer(call: Call, at_ms: number): { answer: Answer; draft: Draft }
  ban(account_id: string, from_ms: number): void
  enforce(enforcement: Enforcement): void
}

const REJECTED_MS = 40
/** What a throttled account still gets through. */
const THROTTLED_PASS_SHARE = 0.15
/** A declined request is answered in a sentence or two. */
const REFUSAL_TOKENS = 40
const CONNECTION_MS = 600_000
/** Enforcements of one account that are remembered; the oldest is dropped. */
const ENFORCEMENTS_MAX = 16

/** Keeps a few numbers per account and nothing per call: signatures that were emitted are the callers' to keep. */
export function createGateway(seed: number, window: Window, random: Random): Gateway {
  const overload = createOverload(window, random.fork('overload'))
  const rateLimit = createRateLimit()
  const banned = new Map<string, number>()
  const enforced = new Map<string, Enforcement[]>()
  const connections = new Map<string, { id: string; ip: string; until_ms: number }>()
  let calls = 0

  const statusOf = ({ account: { record }, trouble }: Call, at_ms: number): number => {
    if (at_ms >= (banned.get(record.account_id) ?? Number.POSITIVE_INFINITY)) return 403
    for (const { action, from_ms, until_ms } of enforced.get(record.account_id) ?? []) {
      if (at_ms < from_ms || at_ms >= until_ms) continue
      if (action !== 'throttle') return 403
      if (!random.chance(THROTTLED_PASS_SHARE)) return 429
    }
    if (trouble !== undefined) return trouble
    const own = overload.status(at_ms)
    return rateLimit.admits(record, at_ms) ? own : 429
  }

  /** Kept alive for some minutes, or made for one call by clients that don't keep any. */
  const connectionOf = ({ account }: Call, ip: string, at_ms: number, call: string): string => {
    if (account.keep_alive === false) return `conn-${call}`
    const known = connections.get(account.record.account_id)
    if (known !== undefined && known.ip === ip && known.until_ms > at_ms) return known.id
    const opened = { id: `conn-${call}`, ip, until_ms: at_ms + CONNECTION_MS * random.logNormal(0.8) }
    connections.set(account.record.account_id, opened)
    return opened.id
  }

  return {
    ban: (account_id, from_ms) =>
      void banned.set(account_id, Math.min(from_ms, banned.get(account_id) ?? Number.POSITIVE_INFINITY)),
    enforce: (enforcement) =>
      void enforced.set(
        enforcement.account_id,
        [...(enforced.get(enforcement.account_id) ?? []), enforcement].slice(-ENFORCEMENTS_MAX),
      ),
    answer(call, at_ms) {
      const id = hexId(16, seed, 'request', calls++)
      const status = statusOf(call, at_ms)
      const { account, params, size } = call
      const wanted = call.refused === true ? Math.min(REFUSAL_TOKENS, size.output_tokens) : size.output_tokens
      const output_tokens =
        status === 200 ? Math.max(1, Math.min(Math.round(wanted), params.max_tokens ?? Number.POSITIVE_INFINITY)) : 0
      const busy_ms = status === 200 ? assumedLatency_ms(size.input_tokens, output_tokens) : REJECTED_MS
      const end_ms = at_ms + Math.max(1, Math.round(busy_ms * random.logNormal(0.35)))
      const signatures = status === 200 && params.reasoning === 'on' ? [`sig-${hexId(32, seed, 'signature', id)}`] : []
      const chosen = call.address ?? random.int(account.addresses.length)
      const address = account.addresses[chosen % account.addresses.length]!
      const draft: Draft = {
        id,
        call,
        status,
        event_ms: at_ms,
        end_ms,
        output_tokens,
        signatures,
        // As they are now: a relay may change both before this is written.
        client: account.client,
        address,
        connection_id: connectionOf(call, address.ip, at_ms, id),
      }
      return { answer: { status, end_ms, signatures }, draft }
    },
  }
}
