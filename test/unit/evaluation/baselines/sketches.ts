import { createMinHasher } from '../../../../lib/sketch/minhash.ts'
import type { Request } from '../../../../schemas/types.ts'
import { request } from './records.ts'

const { fromElements } = createMinHasher(1)

/** A request with one span of these shingles. */
export function sketched(account_id: string, end_time_ms: number, shingles: Iterable<number>, key_epoch = 0): Request {
  const minhash = fromElements(shingles)
  const span = { hash: minhash.readUIntLE(0, 6), minhash, tokens: 16, place: 'head' as const, cues: 0 }
  const hashes = { system_hash: null, prefix_hashes: [], body_hash: null, body_bias_hash: null }
  const sizes = { messages: 1, system_chars: 0, input_chars: 0, output_chars: 0 }
  return {
    ...request(account_id, end_time_ms),
    sketch: { key_epoch, ...hashes, spans: [span], cue_scores: [], ...sizes },
  }
}

/** `count` shingles from `from` on. */
export function shingles(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) => from + n)
}
