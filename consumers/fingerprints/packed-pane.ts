import type { Distinct } from '../../lib/sketch/distinct.ts'
import type { CountedList, Tally } from '../../lib/sketch/heavy-hitters.ts'
import { ByteReader, type ByteWriter } from './bytes.ts'
import { COUNTERS } from './counters.ts'
import { type Pane, PaneSum, type Totals } from './pane.ts'
import { readText, type Words } from './words.ts'

// A bit per counter says which are not zero; a number holds 51 of them exactly (bytes.ts).
if (COUNTERS.length > 51) throw new Error(`${COUNTERS.length} counters do not fit into one mask of 51 bits`)

/** Where a packed pane begins, and the words of its block. */
export interface PanePlace {
  readonly bytes: Buffer
  readonly begin: number
  readonly words: readonly string[]
}

/** Packs a pane: totals, counts, lists, sketches, in this order. The form belongs to `BLOCK_FORM`. */
export function writePane(to: ByteWriter, words: Words, pane: Pane): void {
  to.number(pane.requests_total)
  to.number(pane.output_tokens_total)
  to.number(pane.last_seen_ms)
  writeCounts(to, pane.counts)
  writeSpans(to, pane.spans)
  writeHashes(to, pane.prefixes)
  writeHashes(to, pane.bodies)
  writeHashes(to, pane.client_tuples)
  writeModels(to, words, pane.models)
  writeDistinct(to, pane.networks)
  writeClients(to, pane)
  writeDistinct(to, pane.logit_bias_ids)
}

/** Adds what `writePane` wrote to a sum. */
export function addPacked({ bytes, begin, words }: PanePlace, to: PaneSum): void {
  const from = new ByteReader(bytes, begin)
  to.requests_total = from.number()
  to.output_tokens_total = from.number()
  to.last_seen_ms = from.number()
  addCounts(from, to.counts)
  addSpans(from, to.spans)
  addHashes(from, to.prefixes)
  addHashes(from, to.bodies)
  const tuples = from.at
  addHashes(from, to.client_tuples)
  for (let left = from.number(); left > 0; left--) to.models.add(readText(from, words), from.number(), 0)
  addDistinct(from, to.networks)
  addClients(from, tuples, to.clients)
  addDistinct(from, to.logit_bias_ids)
}

/** Reads what `writePane` wrote. */
export function readPane(place: PanePlace): Pane {
  const sum = new PaneSum()
  addPacked(place, sum)
  return sum.finish()
}

/** Adds the spans of a packed pane alone, without reading the rest. */
export function addPackedSpans({ bytes, begin }: PanePlace, to: Tally<number>): void {
  const from = new ByteReader(bytes, begin)
  readTotals(from)
  skipCounts(from)
  addSpans(from, to)
}

/** How often a packed pane says that a span was used, without reading the rest. */
export function packedSpanUses({ bytes, begin }: PanePlace, object: number): number {
  const from = new ByteReader(bytes, begin)
  for (let totals = 3; totals > 0; totals--) from.skip()
  for (let counts = countsIn(from.number()); counts > 0; counts--) from.skip()
  for (let left = from.number(); left > 0; left--) {
    if (from.hash() === object) return from.number()
    from.skip()
    from.skip()
  }
  return 0
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
  const mask = from.number()
  for (let low = mask >>> 0, index = 0; low !== 0; low >>>= 1, index++) {
    if ((low & 1) === 1) counts[index] = counts[index]! + from.number()
  }
  for (let high = Math.floor(mask / 2 ** 32), index = 32; high !== 0; high >>>= 1, index++) {
    if ((high & 1) === 1) counts[index] = counts[index]! + from.number()
  }
}

function skipCounts(from: ByteReader): void {
  for (let counts = countsIn(from.number()); counts > 0; counts--) from.skip()
}

/** Number of bits that are set in a mask. */
function countsIn(mask: number): number {
  let counts = 0
  for (let low = mask >>> 0; low !== 0; low &= low - 1) counts++
  for (let high = Math.floor(mask / 2 ** 32); high !== 0; high &= high - 1) counts++
  return counts
}

function writeSpans(to: ByteWriter, { length, items, counts, ranks }: CountedList<number>): void {
  to.number(length)
  for (let at = 0; at < length; at++) {
    to.hash(items[at]!)
    to.number(counts[at]!)
    to.number(ranks[at]!)
  }
}

function writeHashes(to: ByteWriter, { length, items, counts }: CountedList<number>): void {
  to.number(length)
  for (let at = 0; at < length; at++) {
    to.hash(items[at]!)
    to.number(counts[at]!)
  }
}

function writeModels(to: ByteWriter, words: Words, { length, items, counts }: CountedList<string>): void {
  to.number(length)
  for (let at = 0; at < length; at++) {
    words.write(to, items[at]!)
    to.number(counts[at]!)
  }
}

function writeDistinct(to: ByteWriter, distinct: Distinct): void {
  const size_bytes = distinct.encoded_bytes()
  to.number(size_bytes)
  distinct.encodeInto(to.bytes, to.claim(size_bytes))
}

/** Clients are mostly all in the list of their tuples already: then nothing but that is said. */
function writeClients(to: ByteWriter, { clients, client_tuples }: Pane): void {
  const areListed = clients.count() === client_tuples.length
  to.number(areListed ? 1 : 0)
  if (!areListed) writeDistinct(to, clients)
}

function addClients(from: ByteReader, tuples: number, to: Distinct): void {
  if (from.number() === 0) {
    addDistinct(from, to)
    return
  }
  const listed = new ByteReader(from.bytes, tuples)
  for (let left = listed.number(); left > 0; left--) {
    to.add(listed.hash())
    listed.skip()
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
