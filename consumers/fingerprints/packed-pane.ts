import type { Distinct } from '../../lib/sketch/distinct.ts'
import type { Counted, Tally } from '../../lib/sketch/heavy-hitters.ts'
import { ByteReader, type ByteWriter } from './bytes.ts'
import { COUNTERS } from './counters.ts'
import { type Pane, PaneSum, type Totals } from './pane.ts'
import type { PanePlace } from './pane-block.ts'

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

/** Adds what `writePane` wrote to a sum. */
export function addPacked({ bytes, begin }: PanePlace, to: PaneSum): void {
  const from = new ByteReader(bytes, begin)
  to.totals = readTotals(from)
  addCounts(from, to.counts)
  addSpans(from, to.spans)
  addHashes(from, to.prefixes)
  addHashes(from, to.bodies)
  addHashes(from, to.client_tuples)
  for (let left = from.number(); left > 0; left--) to.models.add(from.text(), from.number(), 0)
  addDistinct(from, to.networks)
  addDistinct(from, to.clients)
  addDistinct(from, to.logit_bias_ids)
}

/** Reads what `writePane` wrote. */
export function readPane(place: PanePlace): Pane {
  const sum = new PaneSum()
  addPacked(place, sum)
  return sum.toPane()
}

/** Adds the spans of a packed pane alone, without reading the rest. */
export function addPackedSpans({ bytes, begin }: PanePlace, to: Tally<number>): void {
  const from = new ByteReader(bytes, begin)
  readTotals(from)
  skipCounts(from)
  addSpans(from, to)
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

function addCounts(from: ByteReader, counts: number[]): void {
  let mask = from.number()
  for (let index = 0; mask > 0; index++) {
    if (mask % 2 === 1) counts[index] = counts[index]! + from.number()
    mask = Math.floor(mask / 2)
  }
}

function skipCounts(from: ByteReader): void {
  for (let mask = from.number(); mask > 0; mask = Math.floor(mask / 2)) if (mask % 2 === 1) from.number()
}

function writeHashes(to: ByteWriter, hashes: readonly Counted<number>[]): void {
  to.number(hashes.length)
  for (const { item, count } of hashes) {
    to.hash(item)
    to.number(count)
  }
}

function addSpans(from: ByteReader, to: Tally<number>): void {
  for (let left = from.number(); left > 0; left--) to.add(from.hash(), from.number(), from.number())
}

function addHashes(from: ByteReader, to: Tally<number>): void {
  for (let left = from.number(); left > 0; left--) to.add(from.hash(), from.number(), 0)
}

function addDistinct(from: ByteReader, to: Distinct): void {
  const size = from.number()
  to.mergeEncoded(from.bytes, from.at, size)
  from.at += size
}
