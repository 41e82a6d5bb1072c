import type { SpanPlace } from '../../schemas/types.ts'
import { SENTENCE_TOKENS_MAX } from './masked-tokens.ts'

export const SPANS_MAX = 8
/** A span of the whole system prompt keeps its first and its last 64 tokens. */
export const SPAN_TOKENS_MAX = 2 * SENTENCE_TOKENS_MAX
/** The order in which spans of equal cue weight are kept. */
const PLACE_RANK: Record<SpanPlace, number> = { system: 0, head: 1, tail: 2, body: 3, tool: 4 }

export interface SpanCandidate {
  readonly tokens: Int32Array
  kept: number
  weight: number
  place: SpanPlace
  /** Ordinal of the sentence in the request. */
  position: number
  cues: number
  /** 32-bit keyed hash of the token sequence: repeated sentences take one place, not eight. */
  sequence: number
}

export interface SpanCandidates {
  clear(): void
  /** Offers `tokens[0, kept)` as a span; it is copied when it ranks among the first eight. */
  offer(tokens: Int32Array, kept: number, cues: number, weight: number, place: SpanPlace, position: number): void
  /** The best, first by cue weight, then by place, then by position. Valid until `clear`. */
  best(): readonly SpanCandidate[]
}

export function createSpanCandidates(): SpanCandidates {
  const pool = Array.from({ length: SPANS_MAX }, createCandidate)
  // Holds the first `ranked.length` slots of the pool, in another order.
  const ranked: SpanCandidate[] = []

  function offer(
    tokens: Int32Array,
    kept: number,
    cues: number,
    weight: number,
    place: SpanPlace,
    position: number,
  ): void {
    const last = ranked[SPANS_MAX - 1]
    if (last !== undefined && !outranks(weight, place, position, last)) return
    const sequence = hashSequence(tokens, kept)
    const same = ranked.findIndex((candidate) => candidate.sequence === sequence && candidate.kept === kept)
    if (same >= 0 && !outranks(weight, place, position, ranked[same]!)) return

    const slot = same >= 0 ? ranked.splice(same, 1)[0]! : last === undefined ? pool[ranked.length]! : ranked.pop()!
    for (let i = 0; i < kept; i++) slot.tokens[i] = tokens[i]!
    slot.kept = kept
    slot.weight = weight
    slot.place = place
    slot.position = position
    slot.cues = cues
    slot.sequence = sequence
    const at = ranked.findIndex((candidate) => outranks(weight, place, position, candidate))
    ranked.splice(at < 0 ? ranked.length : at, 0, slot)
  }

  return {
    offer,
    best: () => ranked,
    clear() {
      ranked.length = 0
    },
  }
}

function createCandidate(): SpanCandidate {
  const tokens = new Int32Array(SPAN_TOKENS_MAX)
  return { tokens, kept: 0, weight: 0, place: 'body', position: 0, cues: 0, sequence: 0 }
}

function outranks(weight: number, place: SpanPlace, position: number, other: SpanCandidate): boolean {
  if (weight !== other.weight) return weight > other.weight
  if (place !== other.place) return PLACE_RANK[place] < PLACE_RANK[other.place]
  return position < other.position
}

function hashSequence(tokens: Int32Array, kept: number): number {
  let hash = kept
  for (let i = 0; i < kept; i++) hash = Math.imul(hash ^ (hash >>> 15) ^ tokens[i]!, 0x85ebca6b)
  return hash
}
