import { Distinct } from '../../lib/sketch/distinct.ts'
import { type CountedList, Tally } from '../../lib/sketch/heavy-hitters.ts'
import { COUNTERS, countRequest } from './counters.ts'
import type { SeenRequest } from './request-fields.ts'

/** What an account did within one pane of time; panes merge. */
export interface Pane {
  readonly counts: readonly number[]
  readonly networks: Distinct
  readonly clients: Distinct
  readonly logit_bias_ids: Distinct
  readonly models: CountedList<string>
  /** Rank holds the span's cue bits, so that instruction-like spans outlast others of the same count. */
  readonly spans: CountedList<number>
  readonly prefixes: CountedList<number>
  readonly bodies: CountedList<number>
  readonly client_tuples: CountedList<number>
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
// Most conversations and bodies are used once; those that repeat come first.
const ONCE_LIST_MAX = 4

/**
 * A pane in the making, of requests or of panes, oldest first; after `finish` it is the pane, until `clear` begins the next
 * one in the same memory. Packed panes are added as they lie (`addPacked`): an object for each would cost more than the sum.
 */
export class PaneSum implements Pane {
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
  requests_total = 0
  output_tokens_total = 0
  last_seen_ms = 0

  clear(): this {
    this.counts.fill(0)
    this.networks.clear()
    this.clients.clear()
    this.logit_bias_ids.clear()
    this.models.clear()
    this.spans.clear()
    this.prefixes.clear()
    this.bodies.clear()
    this.client_tuples.clear()
    this.requests_total = 0
    this.output_tokens_total = 0
    this.last_seen_ms = 0
    return this
  }

  add(pane: Pane): void {
    for (let i = 0; i < this.counts.length; i++) this.counts[i] = this.counts[i]! + (pane.counts[i] ?? 0)
    this.networks.merge(pane.networks)
    this.clients.merge(pane.clients)
    this.logit_bias_ids.merge(pane.logit_bias_ids)
    this.models.addAll(pane.models)
    this.spans.addAll(pane.spans)
    this.prefixes.addAll(pane.prefixes)
    this.bodies.addAll(pane.bodies)
    this.client_tuples.addAll(pane.client_tuples)
    this.requests_total = pane.requests_total
    this.output_tokens_total = pane.output_tokens_total
    this.last_seen_ms = pane.last_seen_ms
  }

  /** Makes it the pane; nothing may be added afterwards. */
  finish(): this {
    this.models.keepLargest(LIST_MAX)
    this.spans.keepLargest(LIST_MAX)
    this.prefixes.keepLargest(ONCE_LIST_MAX)
    this.bodies.keepLargest(ONCE_LIST_MAX)
    this.client_tuples.keepLargest(LIST_MAX)
    return this
  }
}

/** Builds the pane of one hop from the account's requests in it, in the memory of `sum`. */
export function paneOf(
  requests: readonly SeenRequest[],
  late: ReadonlySet<SeenRequest>,
  before: Totals,
  sum: PaneSum = new PaneSum(),
): Pane {
  sum.clear()
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
  sum.requests_total = requests_total
  sum.output_tokens_total = output_tokens_total
  sum.last_seen_ms = last_seen_ms
  return sum.finish()
}

/** Merges panes, oldest first, into one of a longer length. */
export function mergePanes(panes: readonly Pane[]): Pane {
  const last = panes.at(-1)
  if (last && panes.length === 1) return last
  const sum = new PaneSum()
  for (const pane of panes) sum.add(pane)
  return sum.finish()
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
