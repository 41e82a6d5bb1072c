/** Bins of the one-permutation hash, and bytes of a minhash on the wire. */
export const MINHASH_BINS = 32

const BIN_SHIFT = 27
const VALUE_MASK = (1 << BIN_SHIFT) - 1
const EMPTY = -1
/** Tokens per shingle: long enough that two sentences share few by chance, short enough for spans of four tokens. */
export const SHINGLE_TOKENS = 3
/** The chance that two unrelated minima agree in their lowest byte (b = 8). */
const COLLISION_CHANCE = 1 / 256

export interface MinHasher {
  /** Minhash of the shingles of `tokens[0, count)`: 32 bytes. `count` is at least `SHINGLE_TOKENS`. */
  fromTokens(tokens: Int32Array, count: number): Buffer
  /** Minhash of a set of 32-bit elements; all bytes 0 for the empty set. */
  fromElements(elements: Iterable<number>): Buffer
}

/**
 * b-bit minwise hashing (Li and König, WWW 2010) with b = 8 over one-permutation hashing (Li, Owen, Zhang, NIPS
 * 2012): each element is hashed once; the upper five bits choose the bin, the rest compete for its minimum. Empty bins
 * borrow from a bin that both sides of a comparison choose alike: optimal densification (Shrivastava, ICML 2017).
 * @param seed 32 secret bits; minhashes of different seeds must not be compared.
 */
export function createMinHasher(seed: number): MinHasher {
  const minima = new Int32Array(MINHASH_BINS)

  function add(element: number): void {
    const mixed = mix32(element ^ seed)
    const bin = mixed >>> BIN_SHIFT
    const value = mixed & VALUE_MASK
    const minimum = minima[bin]!
    if (minimum === EMPTY || value < minimum) minima[bin] = value
  }

  function finish(): Buffer {
    const bytes = Buffer.alloc(MINHASH_BINS)
    for (let bin = 0; bin < MINHASH_BINS; bin++) bytes[bin] = minima[donor(bin)]! & 255
    return bytes
  }

  /** The bin itself when it has a minimum, or the first non-empty one of its own pseudo-random walk. */
  function donor(bin: number): number {
    let from = bin
    for (let attempt = 1; minima[from] === EMPTY; attempt++) {
      from = mix32(Math.imul(bin * 0x10000 + attempt, 0x9e3779b1) ^ seed) >>> BIN_SHIFT
    }
    return from
  }

  return {
    fromTokens(tokens, count) {
      minima.fill(EMPTY)
      for (let i = 0; i + SHINGLE_TOKENS <= count; i++) add(shingle(tokens[i]!, tokens[i + 1]!, tokens[i + 2]!))
      return finish()
    },
    fromElements(elements) {
      minima.fill(EMPTY)
      for (const element of elements) add(element)
      return minima.every((minimum) => minimum === EMPTY) ? Buffer.alloc(MINHASH_BINS) : finish()
    },
  }
}

/**
 * Estimated Jaccard similarity of the two shingle sets, 0..1. Unbiased up to the clamp at 0: unrelated minima agree in
 * their lowest byte once in 256, and that share is taken out (Li and König, for sets that are small in their universe).
 * Standard error about sqrt(J (1 - J) / 32), 0.09 at J = 0.5.
 */
export function estimateJaccard(a: Uint8Array, b: Uint8Array): number {
  let equal = 0
  for (let bin = 0; bin < MINHASH_BINS; bin++) if (a[bin] === b[bin]) equal++
  return Math.max(0, (equal / MINHASH_BINS - COLLISION_CHANCE) / (1 - COLLISION_CHANCE))
}

function shingle(a: number, b: number, c: number): number {
  return Math.imul(Math.imul(Math.imul(a, 0x85ebca6b) + b, 0xc2b2ae35) + c, 0x27d4eb2f) ^ (b >>> 15)
}

/** The finaliser of MurmurHash3: every input bit flips every output bit with probability near one half. */
function mix32(value: number): number {
  let mixed = value ^ (value >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
