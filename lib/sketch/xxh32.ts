const PRIME_1 = 0x9e3779b1
const PRIME_2 = 0x85ebca77
const PRIME_3 = 0xc2b2ae3d
const PRIME_4 = 0x27d4eb2f
const PRIME_5 = 0x165667b1
const LANE_BYTES = 16

let bytes = Buffer.alloc(256)

/** Takes the UTF-8 bytes of a text as what `xxh32` hashes next; returns how many they are. */
export function xxh32Bytes(text: string): number {
  const { length } = text
  if (3 * length > bytes.length) bytes = Buffer.alloc(6 * length)
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 128) return bytes.write(text)
    bytes[at] = code
  }
  return length
}

/**
 * xxHash of 32 bits (Collet, xxHash fast digest algorithm) of the bytes that were taken last. Ids are short: to hand them to
 * WebAssembly costs more than this, and two seeds share the bytes.
 */
export function xxh32(length: number, seed: number): number {
  let at = 0
  let hash: number
  if (length >= LANE_BYTES) {
    let lane1 = (seed + PRIME_1 + PRIME_2) | 0
    let lane2 = (seed + PRIME_2) | 0
    let lane3 = seed | 0
    let lane4 = (seed - PRIME_1) | 0
    for (const last = length - LANE_BYTES; at <= last; at += LANE_BYTES) {
      lane1 = round(lane1, word(at))
      lane2 = round(lane2, word(at + 4))
      lane3 = round(lane3, word(at + 8))
      lane4 = round(lane4, word(at + 12))
    }
    hash = (rotate(lane1, 1) + rotate(lane2, 7) + rotate(lane3, 12) + rotate(lane4, 18)) | 0
  } else hash = (seed + PRIME_5) | 0
  hash = (hash + length) | 0
  for (; at + 4 <= length; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(word(at), PRIME_3)) | 0, 17), PRIME_4)
  }
  for (; at < length; at++) hash = Math.imul(rotate((hash + Math.imul(bytes[at]!, PRIME_5)) | 0, 11), PRIME_1)
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return (hash ^ (hash >>> 16)) >>> 0
}

function word(at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, PRIME_2)) | 0, 13), PRIME_1)
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
