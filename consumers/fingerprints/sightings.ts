import { compareText } from '../../lib/stream/order.ts'
import type { ObjectKind, Request, Sighting } from '../../schemas/types.ts'
import { type AccountState, contextOf } from './account.ts'
import { conversationPrefix, type Pane } from './pane.ts'
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
 * Marks what it reports in `state.sighted`.
 */
export function sightingsOf(
  state: AccountState,
  hop: number,
  end_ms: number,
  requests: readonly Request[],
  settings: FingerprintsSettings,
): Sighting[] {
  const panes = state.rings.windows(hop).at(-1)?.panes ?? []
  const context = contextOf(state)
  const sightings: Sighting[] = []
  for (const use of usesOf(state, end_ms, requests)) {
    const known = state.sighted.find(({ kind, object }) => kind === use.kind && object === use.object)
    const interval_hops = use.kind === 'span' ? settings.span_interval_hops : settings.static_interval_hops
    if (known && hop - known.hop < interval_hops) continue
    if (use.kind === 'span' && spanUses(panes, use.object) < 2) continue
    sightings.push({ ...use, account_id: state.account_id, context })
    remember(state, use, hop)
  }
  return sightings
}

function usesOf(state: AccountState, end_ms: number, requests: readonly Request[]): Use[] {
  const uses = new Map<string, Use>()
  const use = (kind: ObjectKind, object: number, time_ms: number, cues: number) => {
    const key = `${kind}/${object}`
    const known = uses.get(key)
    if (!known) uses.set(key, { kind, object, n: 1, first_ms: time_ms, last_ms: time_ms, cues })
    else {
      known.n++
      known.first_ms = Math.min(known.first_ms, time_ms)
      known.last_ms = Math.max(known.last_ms, time_ms)
      known.cues |= cues
    }
  }
  for (const request of requests) {
    const time_ms = request.event_time_ms
    for (const span of request.sketch?.spans ?? []) use('span', span.hash, time_ms, span.cues)
    const prefix = conversationPrefix(request)
    if (prefix !== null) use('prefix', prefix, time_ms, 0)
    if (request.client.tuple_hash !== null) use('client', request.client.tuple_hash, time_ms, 0)
  }
  const payment = state.facts?.payment_hash ?? null
  if (payment !== null && requests.length > 0) use('payment', payment, end_ms - 1, 0)
  return [...uses.values()].sort((a, b) => compareText(a.kind, b.kind) || a.object - b.object)
}

function spanUses(panes: readonly Pane[], object: number): number {
  let uses = 0
  for (const { spans } of panes) for (const { item, count } of spans) if (item === object) uses += count
  return uses
}

function remember(state: AccountState, { kind, object }: Use, hop: number): void {
  const others = state.sighted.filter((entry) => entry.kind !== kind || entry.object !== object)
  const sameKind = others.filter((entry) => entry.kind === kind)
  const dropped =
    sameKind.length >= SIGHTED_MAX[kind]
      ? sameKind.reduce((oldest, entry) =>
          entry.hop < oldest.hop || (entry.hop === oldest.hop && entry.object < oldest.object) ? entry : oldest,
        )
      : null
  state.sighted = [...others.filter((entry) => entry !== dropped), { kind, object, hop }]
}
