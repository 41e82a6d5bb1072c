import { hash } from 'node:crypto'

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
/** Values longer than this get a buffer of their own, which is not kept. */
const SCRATCH_BYTES = 16_384

/** Bytes that a buffer given to `digestFrame` must leave free at its start. */
export const FRAME_HEADROOM_BYTES = BLOCK_BYTES

/** A 256-bit keyed hash as 32 characters of one byte each (node's 'binary'), the cheapest form to cut numbers from. */
export type Digest = string

export interface Hasher {
  /** Keyed hash of one value, 52 bits: an integer in [0, 2^52), exact as a JavaScript number and as an Avro long. */
  hash52(domain: string, value: string | Uint8Array): number
  /** The whole keyed hash of one value. */
  digest(domain: string, value: string | Uint8Array): Digest
  /**
   * The keyed hash of `frame[FRAME_HEADROOM_BYTES, end)`, whose first bytes must be a domain and a NUL. It overwrites
   * the headroom; this is how 48 KB are hashed without copying them.
   */
  digestFrame(frame: Uint8Array, end: number): Digest
}

/**
 * HMAC-SHA256 (RFC 2104) under one secret, separated by domain: the domain and a NUL precede the value, so the same
 * value hashed for two purposes gives unrelated numbers.
 *
 * HMAC-SHA256 rather than keyed BLAKE2: node:crypto offers BLAKE2 without its key, and SHA-256 has instructions of
 * its own on current server CPUs (twice as fast as BLAKE2b at 48 KB). It is computed as two one-shot hashes because
 * an object from `createHmac` costs three times as much and a request needs about eight; a test holds that the
 * result is the one `createHmac` gives.
 */
export function createHasher(secret: Uint8Array): Hasher {
  const key = secret.length > BLOCK_BYTES ? Buffer.from(hash('sha256', secret, 'hex'), 'hex') : secret
  const innerPad = new Uint8Array(BLOCK_BYTES).fill(0x36)
  const outer = new Uint8Array(BLOCK_BYTES + DIGEST_BYTES).fill(0x5c, 0, BLOCK_BYTES)
  for (const [i, byte] of key.entries()) {
    innerPad[i] = innerPad[i]! ^ byte
    outer[i] = outer[i]! ^ byte
  }
  const scratch = new Uint8Array(SCRATCH_BYTES)
  const encoder = new TextEncoder()

  function digestFrame(frame: Uint8Array, end: number): Digest {
    frame.set(innerPad, 0)
    const inner = hash('sha256', frame.subarray(0, end), 'binary')
    for (let i = 0; i < DIGEST_BYTES; i++) outer[BLOCK_BYTES + i] = inner.charCodeAt(i)
    return hash('sha256', outer, 'binary')
  }

  function digest(domain: string, value: string | Uint8Array): Digest {
    // One UTF-16 unit is at most three bytes of UTF-8.
    const size_bytes_max = BLOCK_BYTES + 3 * domain.length + 1 + 3 * value.length
    const frame = size_bytes_max <= SCRATCH_BYTES ? scratch : new Uint8Array(size_bytes_max)
    let end = BLOCK_BYTES + encoder.encodeInto(domain, frame.subarray(BLOCK_BYTES)).written
    frame[end++] = 0
    if (typeof value === 'string') end += encoder.encodeInto(value, frame.subarray(end)).written
    else {
      frame.set(value, end)
      end += value.length
    }
    return digestFrame(frame, end)
  }

  return { digest, digestFrame, hash52: (domain, value) => first52(digest(domain, value)) }
}

/** Keyed hash of one value, 52 bits, for callers that hash rarely. Keep a `createHasher` where it is hot. */
export function keyedHash52(secret: Uint8Array, domain: string, value: string | Uint8Array): number {
  return createHasher(secret).hash52(domain, value)
}

/** The first 52 bits of a digest, as an exact integer. */
export function first52(digest: Digest): number {
  return cut52(digest, 0)
}

/** Another 52 bits of the same digest, unrelated to the first without the key. */
export function second52(digest: Digest): number {
  return cut52(digest, 8)
}

/** 32 bits of a digest, signed: a seed for the cheap keyed hashes inside a sketch. */
export function seed32(digest: Digest, index: number): number {
  let seed = 0
  for (let i = 0; i < 4; i++) seed = (seed << 8) | digest.charCodeAt(4 * index + i)
  return seed
}

function cut52(digest: Digest, from: number): number {
  let bits = 0
  for (let i = from; i < from + 6; i++) bits = bits * 256 + digest.charCodeAt(i)
  return bits * 16 + (digest.charCodeAt(from + 6) >>> 4)
}
