import { Distinct } from '../../lib/sketch/distinct.ts'
import type { Counted } from '../../lib/sketch/heavy-hitters.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { COUNTERS } from './counters.ts'
import type { Pane, Totals } from './pane.ts'

// A bit per counter says which are not zero; a number holds 51 of them exactly (bytes.ts).
if (COUNTERS.length > 51) throw new Error(`${COUNTERS.length} counters do not fit into one mask of 51 bits`)

/** Packs a pane: totals, counts, lists, sketches, in this order. The form belongs to `BLOCK_FORM`. */
export function writePane(to: ByteWriter, pane: Pane): void {
  to.number(pane.requests_total)
  to.number(pane.output_tokens_total)
  to.number(pane.last_seen_ms)
  writeCounts(to, pane.counts)
  to.number(pane.spans.length)
  for (const { item, count, rank } of pane.spans) {
    to.hash(item)
    to.number(count)
    to.number(rank)
  }
  writeHashes(to, pane.prefixes)
  writeHashes(to, pane.bodies)
  writeHashes(to, pane.client_tuples)
  to.number(pane.models.length)
  for (const { item, count } of pane.models) {
    to.text(item)
    to.number(count)
  }
  to.block(pane.networks.encode())
  to.block(pane.clients.encode())
  to.block(pane.logit_bias_ids.encode())
}

/** Reads what `writePane` wrote. */
export function readPane(from: ByteReader): Pane {
  const { requests, output_tokens, last_seen_ms } = readTotals(from)
  const counts = readCounts(from)
  const spans: Counted<number>[] = []
  for (let left = from.number(); left > 0; left--) {
    spans.push({ item: from.hash(), count: from.number(), rank: from.number() })
  }
  const prefixes = readHashes(from)
  const bodies = readHashes(from)
  const client_tuples = readHashes(from)
  const models: Counted<string>[] = []
  for (let left = from.number(); left > 0; left--) models.push({ item: from.text(), count: from.number(), rank: 0 })
  return {
    counts,
    networks: Distinct.decode(from.block()),
    clients: Distinct.decode(from.block()),
    logit_bias_ids: Distinct.decode(from.block()),
    models,
    spans,
    prefixes,
    bodies,
    client_tuples,
    requests_total: requests,
    output_tokens_total: output_tokens,
    last_seen_ms,
  }
}

/** The totals alone, which stand first. */
export function readTotals(from: ByteReader): Totals {
  return { requests: from.number(), output_tokens: from.number(), last_seen_ms: from.number() }
}

function writeCounts(to: ByteWriter, counts: readonly number[]): void {
  let mask = 0
  for (let index = counts.length - 1; index >= 0; index--) mask = mask * 2 + (counts[index] === 0 ? 0 : 1)
  to.number(mask)
  for (const count of counts) if (count !== 0) to.number(count)
}

function readCounts(from: ByteReader): number[] {
  const counts = new Array<number>(COUNTERS.length).fill(0)
  let mask = from.number()
  for (let index = 0; mask > 0; index++) {
    if (mask % 2 === 1) counts[index] = from.number()
    mask = Math.floor(mask / 2)
  }
  return counts
}

function writeHashes(to: ByteWriter, hashes: readonly Counted<number>[]): void {
  to.number(hashes.length)
  for (const { item, count } of hashes) {
    to.hash(item)
    to.number(count)
  }
}

function readHashes(from: ByteReader): Counted<number>[] {
  const hashes: Counted<number>[] = []
  for (let left = from.number(); left > 0; left--) hashes.push({ item: from.hash(), count: from.number(), rank: 0 })
  return hashes
}
