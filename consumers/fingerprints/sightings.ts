import type { AccountContext, ObjectKind, SightedObject } from '../../schemas/types.ts'
import { type AccountState, contextOf } from './account.ts'
import { conversationPrefix } from './pane.ts'
import type { WindowContent } from './pane-rings.ts'
import type { SeenRequest } from './request-fields.ts'
import type { FingerprintsIntervals } from './settings.ts'

/** Sighted objects remembered per account and kind; the one reported longest ago goes first. */
const SIGHTED_MAX: Record<ObjectKind, number> = { unknown: 0, span: 12, prefix: 8, payment: 2, client: 8 }

/** A use of an object by one account within a hop. */
export interface Use {
  readonly kind: ObjectKind
  readonly object: number
  readonly n: number
  readonly first_ms: number
  readonly last_ms: number
  readonly cues: number
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
 * Marks what it reports in `state.sighted`. `lists` is memory to work in. `day` gives the content of the 24 h window, this hop's included. Null: nothing.
 */
export function sightingsOf(
  state: AccountState,
  hop: number,
  end_ms: number,
  requests: readonly SeenRequest[],
  day: () => WindowContent,
  { span_hops, static_hops }: FingerprintsIntervals,
  lists: UseLists = new UseLists(),
): Seen | null {
  const uses: Use[] = []
  lists.note(state, end_ms, requests)
  for (const list of lists.all) {
    const { kind } = list
    const interval_hops = kind === 'span' ? span_hops : static_hops
    for (let index = 0; index < list.length; index++) {
      const at = list.placeAt(index)
      const object = list.objects[at]!
      const known_hop = lastSighted(state.sighted, kind, object)
      if (known_hop !== null && hop - known_hop < interval_hops) continue
      if (kind === 'span' && !day().usesSpan(object, 2)) continue
      const use = list.useAt(at)
      uses.push(use)
      remember(state.sighted, use, hop)
    }
  }
  return uses.length === 0 ? null : { account_id: state.account_id, context: contextOf(state), uses }
}

/** What an account used in a hop, in the same memory for all accounts. */
export class UseLists {
  private readonly clients = new UseList('client')
  private readonly payments = new UseList('payment')
  private readonly prefixes = new UseList('prefix')
  private readonly spans = new UseList('span')
  /** In order of kind, then of object once `note` has sorted them. */
  readonly all = [this.clients, this.payments, this.prefixes, this.spans] as const

  note(state: AccountState, end_ms: number, requests: readonly SeenRequest[]): void {
    for (const list of this.all) list.clear()
    for (const request of requests) {
      const time_ms = request.event_time_ms
      if (request.sketch !== null)
        for (const span of request.sketch.spans) this.spans.note(span.hash, time_ms, span.cues)
      const prefix = conversationPrefix(request)
      if (prefix !== null) this.prefixes.note(prefix, time_ms, 0)
      if (request.client.tuple_hash !== null) this.clients.note(request.client.tuple_hash, time_ms, 0)
    }
    const payment = state.facts?.payment_hash ?? null
    if (payment !== null && requests.length > 0) this.payments.note(payment, end_ms - 1, 0)
    for (const list of this.all) list.sort()
  }
}

// Beyond this many objects a map finds one faster than comparing with each.
const SCAN_MAX = 24

/** Uses of objects of one kind, in columns of which the first `length` count. */
class UseList {
  readonly kind: ObjectKind
  length = 0
  readonly objects: number[] = []
  private readonly ns: number[] = []
  private readonly firsts_ms: number[] = []
  private readonly lasts_ms: number[] = []
  private readonly cues: number[] = []
  private places: Map<number, number> | null = null
  private order: number[] = []

  constructor(kind: ObjectKind) {
    this.kind = kind
  }

  clear(): void {
    this.length = 0
    this.places = null
  }

  note(object: number, time_ms: number, cues: number): void {
    const at = this.placeOf(object)
    if (at < 0) {
      this.append(object, time_ms, cues)
      return
    }
    this.ns[at] = this.ns[at]! + 1
    this.firsts_ms[at] = Math.min(this.firsts_ms[at]!, time_ms)
    this.lasts_ms[at] = Math.max(this.lasts_ms[at]!, time_ms)
    this.cues[at] = this.cues[at]! | cues
  }

  sort(): void {
    const { objects, order, length } = this
    if (length > SCAN_MAX) {
      this.order = Array.from({ length }, (_, at) => at).sort((a, b) => objects[a]! - objects[b]!)
      return
    }
    for (let from = 0; from < length; from++) {
      let at = from
      for (; at > 0 && objects[order[at - 1]!]! > objects[from]!; at--) order[at] = order[at - 1]!
      order[at] = from
    }
  }

  /** Where the object that comes at `index` in order stands in the columns. */
  placeAt(index: number): number {
    return this.order[index]!
  }

  useAt(at: number): Use {
    return {
      kind: this.kind,
      object: this.objects[at]!,
      n: this.ns[at]!,
      first_ms: this.firsts_ms[at]!,
      last_ms: this.lasts_ms[at]!,
      cues: this.cues[at]!,
    }
  }

  private placeOf(object: number): number {
    if (this.places !== null) return this.places.get(object) ?? -1
    const { objects, length } = this
    for (let at = 0; at < length; at++) if (objects[at] === object) return at
    return -1
  }

  private append(object: number, time_ms: number, cues: number): void {
    const at = this.length++
    this.objects[at] = object
    this.ns[at] = 1
    this.firsts_ms[at] = time_ms
    this.lasts_ms[at] = time_ms
    this.cues[at] = cues
    if (this.places !== null) this.places.set(object, at)
    else if (this.length > SCAN_MAX) {
      this.places = new Map(this.objects.slice(0, this.length).map((each, place) => [each, place]))
    }
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
