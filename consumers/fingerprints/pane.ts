import { Distinct } from '../../lib/sketch/distinct.ts'
import { type Counted, keepLargest } from '../../lib/sketch/heavy-hitters.ts'
import { COUNTERS, countRequest } from './counters.ts'
import type { SeenRequest } from './request-fields.ts'

// An account that uses more wrappers, models or clients than this within a pane is told by its counts, not by its lists.
const LIST_MAX = 12

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

/** Builds the pane of one hop from the account's requests in it. */
export function paneOf(requests: readonly SeenRequest[], late: ReadonlySet<SeenRequest>, before: Totals): Pane {
  const counts = new Array<number>(COUNTERS.length).fill(0)
  const networks = new Distinct()
  const clients = new Distinct()
  const logit_bias_ids = new Distinct()
  const lists = { models: [] as Counted<string>[], spans: [] as Counted<number>[], prefixes: [] as Counted<number>[] }
  const bodies: Counted<number>[] = []
  const client_tuples: Counted<number>[] = []
  let { requests: requests_total, output_tokens: output_tokens_total, last_seen_ms } = before
  for (const request of requests) {
    countRequest(counts, request, late.has(request))
    const { client, params, sketch } = request
    if (client.network_hash !== null) networks.add(client.network_hash)
    if (client.tuple_hash !== null) {
      clients.add(client.tuple_hash)
      client_tuples.push(once(client.tuple_hash))
    }
    for (const id of params.logit_bias_ids) logit_bias_ids.add(id)
    lists.models.push(once(request.request_model))
    requests_total++
    output_tokens_total += request.usage.output_tokens
    last_seen_ms = Math.max(last_seen_ms, request.event_time_ms)
    if (sketch === null) continue
    for (const span of sketch.spans) lists.spans.push({ item: span.hash, count: 1, rank: span.cues })
    const prefix = conversationPrefix(request)
    if (prefix !== null) lists.prefixes.push(once(prefix))
    if (sketch.body_hash !== null) bodies.push(once(sketch.body_hash))
  }
  return {
    counts,
    networks,
    clients,
    logit_bias_ids,
    models: keepLargest(lists.models, LIST_MAX),
    spans: keepLargest(lists.spans, LIST_MAX),
    prefixes: keepLargest(lists.prefixes, LIST_MAX),
    bodies: keepLargest(bodies, LIST_MAX),
    client_tuples: keepLargest(client_tuples, LIST_MAX),
    requests_total,
    output_tokens_total,
    last_seen_ms,
  }
}

/** Merges panes, oldest first, into one of a longer length. */
export function mergePanes(panes: readonly Pane[]): Pane {
  const last = panes.at(-1)
  if (last && panes.length === 1) return last
  const counts = new Array<number>(COUNTERS.length).fill(0)
  const networks = new Distinct()
  const clients = new Distinct()
  const logit_bias_ids = new Distinct()
  for (const pane of panes) {
    for (let i = 0; i < counts.length; i++) counts[i] = counts[i]! + (pane.counts[i] ?? 0)
    networks.merge(pane.networks)
    clients.merge(pane.clients)
    logit_bias_ids.merge(pane.logit_bias_ids)
  }
  return {
    counts,
    networks,
    clients,
    logit_bias_ids,
    models: mergeLists(panes, ({ models }) => models),
    spans: mergeLists(panes, ({ spans }) => spans),
    prefixes: mergeLists(panes, ({ prefixes }) => prefixes),
    bodies: mergeLists(panes, ({ bodies }) => bodies),
    client_tuples: mergeLists(panes, (pane) => pane.client_tuples),
    requests_total: last?.requests_total ?? 0,
    output_tokens_total: last?.output_tokens_total ?? 0,
    last_seen_ms: last?.last_seen_ms ?? 0,
  }
}

function mergeLists<Item extends number | string>(
  panes: readonly Pane[],
  listOf: (pane: Pane) => readonly Counted<Item>[],
): readonly Counted<Item>[] {
  const lists = panes.map(listOf).filter(({ length }) => length > 0)
  // A list of a pane has been through keepLargest, which would give it back as it is.
  return lists.length === 1 ? lists[0]! : keepLargest(lists.flat(), LIST_MAX)
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

function once<Item>(item: Item): Counted<Item> {
  return { item, count: 1, rank: 0 }
}

export function hashCount({ item, count }: Counted<number>): { hash: number; count: number } {
  return { hash: item, count }
}
