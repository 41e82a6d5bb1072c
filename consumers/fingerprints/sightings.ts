import type { AccountContext, ObjectKind, Sighting } from '../../schemas/types.ts'
import { type AccountState, contextOf } from './account.ts'
import { conversationPrefix } from './pane.ts'
import type { WindowContent } from './pane-rings.ts'
import type { SeenRequest } from './request-fields.ts'
import type { FingerprintsSettings } from './settings.ts'

/** Sighted objects remembered per account and kind; the one reported longest ago goes first. */
const SIGHTED_MAX: Record<ObjectKind, number> = { unknown: 0, span: 12, prefix: 8, payment: 2, client: 8 }

interface Use {
  kind: ObjectKind
  object: number
  n: number
  first_ms: number
  last_ms: number
  cues: number
}

/**
 * What an account was seen with in one hop and is worth reporting: a span once it has been used twice within the 24 h
 * window, then once an hour; a conversation when it is new to the account; client and payment when new, then once a day.
 * Marks what it reports in `state.sighted`. `day` gives the content of the 24 h window, this hop's included.
 */
export function sightingsOf(
  state: AccountState,
  hop: number,
  end_ms: number,
  requests: readonly SeenRequest[],
  day: () => WindowContent,
  settings: FingerprintsSettings,
): Sighting[] {
  let context: AccountContext | null = null
  const sightings: Sighting[] = []
  for (const use of usesOf(state, end_ms, requests)) {
    // Objects first: most differ, and numbers compare faster.
    const known = state.sighted.find(({ kind, object }) => object === use.object && kind === use.kind)
    const interval_hops = use.kind === 'span' ? settings.span_interval_hops : settings.static_interval_hops
    if (known && hop - known.hop < interval_hops) continue
    if (use.kind === 'span' && day().spanUses(use.object) < 2) continue
    context ??= contextOf(state)
    sightings.push({ ...use, account_id: state.account_id, context })
    remember(state, use, hop)
  }
  return sightings
}

/** In order of kind, then of object. */
function usesOf(state: AccountState, end_ms: number, requests: readonly SeenRequest[]): Use[] {
  const clients = new Map<number, Use>()
  const prefixes = new Map<number, Use>()
  const spans = new Map<number, Use>()
  for (const request of requests) {
    const time_ms = request.event_time_ms
    for (const span of request.sketch?.spans ?? []) note(spans, 'span', span.hash, time_ms, span.cues)
    const prefix = conversationPrefix(request)
    if (prefix !== null) note(prefixes, 'prefix', prefix, time_ms, 0)
    if (request.client.tuple_hash !== null) note(clients, 'client', request.client.tuple_hash, time_ms, 0)
  }
  const payments = new Map<number, Use>()
  const payment = state.facts?.payment_hash ?? null
  if (payment !== null && requests.length > 0) note(payments, 'payment', payment, end_ms - 1, 0)
  return [clients, payments, prefixes, spans].flatMap((uses) => [...uses.values()].sort((a, b) => a.object - b.object))
}

function note(uses: Map<number, Use>, kind: ObjectKind, object: number, time_ms: number, cues: number): void {
  const known = uses.get(object)
  if (!known) {
    uses.set(object, { kind, object, n: 1, first_ms: time_ms, last_ms: time_ms, cues })
    return
  }
  known.n++
  known.first_ms = Math.min(known.first_ms, time_ms)
  known.last_ms = Math.max(known.last_ms, time_ms)
  known.cues |= cues
}

function remember(state: AccountState, { kind, object }: Use, hop: number): void {
  const { sighted } = state
  let place = -1
  let ofKind = 0
  let oldest = -1
  for (let i = 0; i < sighted.length; i++) {
    const entry = sighted[i]!
    if (entry.kind !== kind) continue
    if (entry.object === object) {
      place = i
      break
    }
    ofKind++
    const last = sighted[oldest]
    if (!last || entry.hop < last.hop || (entry.hop === last.hop && entry.object < last.object)) oldest = i
  }
  if (place < 0 && ofKind >= SIGHTED_MAX[kind]) place = oldest
  const others = place < 0 ? sighted : sighted.toSpliced(place, 1)
  state.sighted = [...others, { kind, object, hop }]
}
