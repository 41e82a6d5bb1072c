import { ScanMap } from '../../lib/sketch/scan-map.ts'
import type { AccountContext, ObjectKind, SightedObject } from '../../schemas/types.ts'
import { type AccountState, contextOf } from './account.ts'
import { conversationPrefix } from './pane.ts'
import type { WindowContent } from './pane-rings.ts'
import type { SeenRequest } from './request-fields.ts'
import type { FingerprintsSettings } from './settings.ts'

/** Sighted objects remembered per account and kind; the one reported longest ago goes first. */
const SIGHTED_MAX: Record<ObjectKind, number> = { unknown: 0, span: 12, prefix: 8, payment: 2, client: 8 }

/** A use of an object by one account within a hop. */
export interface Use {
  readonly kind: ObjectKind
  readonly object: number
  n: number
  first_ms: number
  last_ms: number
  cues: number
}

/** What one account was seen with in a hop. */
export interface Seen {
  readonly account_id: string
  readonly context: AccountContext
  readonly uses: readonly Use[]
}

/**
 * What an account was seen with in one hop and is worth reporting: a span once it has been used twice within the 24 h
 * window, then once an hour; a conversation when it is new to the account; client and payment when new, then once a day.
 * Marks what it reports in `state.sighted`. `day` gives the content of the 24 h window, this hop's included. Null: nothing.
 */
export function sightingsOf(
  state: AccountState,
  hop: number,
  end_ms: number,
  requests: readonly SeenRequest[],
  day: () => WindowContent,
  settings: FingerprintsSettings,
): Seen | null {
  const uses: Use[] = []
  for (const use of usesOf(state, end_ms, requests)) {
    const { kind, object } = use
    const known_hop = lastSighted(state.sighted, kind, object)
    const interval_hops = kind === 'span' ? settings.span_interval_hops : settings.static_interval_hops
    if (known_hop !== null && hop - known_hop < interval_hops) continue
    if (kind === 'span' && !day().usesSpan(object, 2)) continue
    uses.push(use)
    remember(state.sighted, use, hop)
  }
  return uses.length === 0 ? null : { account_id: state.account_id, context: contextOf(state), uses }
}

/** In order of kind, then of object. */
function usesOf(state: AccountState, end_ms: number, requests: readonly SeenRequest[]): Use[] {
  const clients = new UseList('client')
  const payments = new UseList('payment')
  const prefixes = new UseList('prefix')
  const spans = new UseList('span')
  for (const request of requests) {
    const time_ms = request.event_time_ms
    if (request.sketch !== null) for (const span of request.sketch.spans) spans.note(span.hash, time_ms, span.cues)
    const prefix = conversationPrefix(request)
    if (prefix !== null) prefixes.note(prefix, time_ms, 0)
    if (request.client.tuple_hash !== null) clients.note(request.client.tuple_hash, time_ms, 0)
  }
  const payment = state.facts?.payment_hash ?? null
  if (payment !== null && requests.length > 0) payments.note(payment, end_ms - 1, 0)
  return [...clients.sorted(), ...payments.sorted(), ...prefixes.sorted(), ...spans.sorted()]
}

class UseList {
  private readonly kind: ObjectKind
  private readonly uses = new ScanMap<number, Use>()

  constructor(kind: ObjectKind) {
    this.kind = kind
  }

  note(object: number, time_ms: number, cues: number): void {
    const known = this.uses.get(object)
    if (known === undefined) {
      this.uses.add(object, { kind: this.kind, object, n: 1, first_ms: time_ms, last_ms: time_ms, cues })
      return
    }
    known.n++
    known.first_ms = Math.min(known.first_ms, time_ms)
    known.last_ms = Math.max(known.last_ms, time_ms)
    known.cues |= cues
  }

  sorted(): Use[] {
    const { values } = this.uses
    return values.length > 1 ? values.sort((a, b) => a.object - b.object) : values
  }
}

/** The hop in which an object was last reported; null when it is not remembered. */
function lastSighted(sighted: readonly SightedObject[], kind: ObjectKind, object: number): number | null {
  for (let at = 0; at < sighted.length; at++) {
    const entry = sighted[at]!
    // Objects first: most differ, and numbers compare faster.
    if (entry.object === object && entry.kind === kind) return entry.hop
  }
  return null
}

function remember(sighted: SightedObject[], { kind, object }: Use, hop: number): void {
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
  if (place >= 0) sighted.splice(place, 1)
  sighted.push({ kind, object, hop })
}
