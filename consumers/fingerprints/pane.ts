import { Distinct } from '../../lib/sketch/distinct.ts'
import { type Counted, Tally } from '../../lib/sketch/heavy-hitters.ts'
import { COUNTERS, countRequest } from './counters.ts'
import type { SeenRequest } from './request-fields.ts'

type Hashes = readonly Counted<number>[]

/** What an account did within one pane of time. Immutable once built; panes merge. */
export interface Pane {
  readonly counts: readonly number[]
  readonly networks: Distinct
  readonly clients: Distinct
  readonly logit_bias_ids: Distinct
  readonly models: readonly Counted<string>[]
  /** Rank holds the span's cue bits, so that instruction-like spans outlast others of the same count. */
  readonly spans: Hashes
  readonly prefixes: Hashes
  readonly bodies: Hashes
  readonly client_tuples: Hashes
  /** Totals of the account after this pane. */
  readonly requests_total: number
  readonly output_tokens_total: number
  readonly last_seen_ms: number
}

/** Totals of an account before a pane. */
export interface Totals {
  readonly requests: number
  readonly output_tokens: number
  readonly last_seen_ms: number
}

// An account that uses more wrappers, models or clients than this within a pane is told by its counts, not by its lists.
const LIST_MAX = 12

/**
 * A pane in the making, of requests or of panes, oldest first. Packed panes are added as they lie (`addPacked`): an object for
 * each would cost more than the sum.
 */
export class PaneSum {
  readonly counts = new Array<number>(COUNTERS.length).fill(0)
  readonly networks = new Distinct()
  readonly clients = new Distinct()
  readonly logit_bias_ids = new Distinct()
  readonly models = new Tally<string>()
  readonly spans = new Tally<number>()
  readonly prefixes = new Tally<number>()
  readonly bodies = new Tally<number>()
  readonly client_tuples = new Tally<number>()
  /** Those of the newest pane that was added. */
  totals: Totals = { requests: 0, output_tokens: 0, last_seen_ms: 0 }

  add(pane: Pane): void {
    for (let i = 0; i < this.counts.length; i++) this.counts[i] = this.counts[i]! + (pane.counts[i] ?? 0)
    this.networks.merge(pane.networks)
    this.clients.merge(pane.clients)
    this.logit_bias_ids.merge(pane.logit_bias_ids)
    addAll(this.models, pane.models)
    addAll(this.spans, pane.spans)
    addAll(this.prefixes, pane.prefixes)
    addAll(this.bodies, pane.bodies)
    addAll(this.client_tuples, pane.client_tuples)
    const { requests_total: requests, output_tokens_total: output_tokens, last_seen_ms } = pane
    this.totals = { requests, output_tokens, last_seen_ms }
  }

  /** The pane; nothing may be added afterwards. */
  toPane(): Pane {
    const { totals } = this
    return {
      counts: this.counts,
      networks: this.networks,
      clients: this.clients,
      logit_bias_ids: this.logit_bias_ids,
      models: this.models.largest(LIST_MAX),
      spans: this.spans.largest(LIST_MAX),
      prefixes: this.prefixes.largest(LIST_MAX),
      bodies: this.bodies.largest(LIST_MAX),
      client_tuples: this.client_tuples.largest(LIST_MAX),
      requests_total: totals.requests,
      output_tokens_total: totals.output_tokens,
      last_seen_ms: totals.last_seen_ms,
    }
  }
}

/** Builds the pane of one hop from the account's requests in it. */
export function paneOf(requests: readonly SeenRequest[], late: ReadonlySet<SeenRequest>, before: Totals): Pane {
  const sum = new PaneSum()
  const { counts, networks, clients, logit_bias_ids, models, spans, prefixes, bodies, client_tuples } = sum
  let { requests: requests_total, output_tokens: output_tokens_total, last_seen_ms } = before
  for (const request of requests) {
    countRequest(counts, request, late.has(request))
    const { client, params, sketch } = request
    if (client.network_hash !== null) networks.add(client.network_hash)
    if (client.tuple_hash !== null) {
      clients.add(client.tuple_hash)
      client_tuples.add(client.tuple_hash, 1, 0)
    }
    for (const id of params.logit_bias_ids) logit_bias_ids.add(id)
    models.add(request.request_model, 1, 0)
    requests_total++
    output_tokens_total += request.usage.output_tokens
    last_seen_ms = Math.max(last_seen_ms, request.event_time_ms)
    if (sketch === null) continue
    for (const span of sketch.spans) spans.add(span.hash, 1, span.cues)
    const prefix = conversationPrefix(request)
    if (prefix !== null) prefixes.add(prefix, 1, 0)
    if (sketch.body_hash !== null) bodies.add(sketch.body_hash, 1, 0)
  }
  sum.totals = { requests: requests_total, output_tokens: output_tokens_total, last_seen_ms }
  return sum.toPane()
}

/** Merges panes, oldest first, into one of a longer length. */
export function mergePanes(panes: readonly Pane[]): Pane {
  const last = panes.at(-1)
  if (last && panes.length === 1) return last
  const sum = new PaneSum()
  for (const pane of panes) sum.add(pane)
  return sum.toPane()
}

/**
 * The hash that stands for a conversation wherever it is continued: the chain up to and with the second message, so that
 * an assistant's answer is in it and two customers who open with the same words differ. Null for a single turn.
 */
export function conversationPrefix(request: SeenRequest): number | null {
  const { sketch } = request
  if (sketch === null || (sketch.messages > 0 && sketch.messages < 3)) return null
  return sketch.prefix_hashes[sketch.system_hash === null ? 1 : 2] ?? null
}

export function hashCount({ item, count }: Counted<number>): { hash: number; count: number } {
  return { hash: item, count }
}

function addAll<Item extends number | string>(tally: Tally<Item>, counted: readonly Counted<Item>[]): void {
  for (const { item, count, rank } of counted) tally.add(item, count, rank)
}
