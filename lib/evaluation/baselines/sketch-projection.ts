import type { RequestSketch } from '../../../schemas/types.ts'

const PROJECTION_DIMENSIONS = 64

const BYTE_VALUES = 256

/**
 * Signed random projection of the set of (bin, byte) of a sketch's minhashes, of length 1; null without spans. Two sketches
 * of one content key that share half of their minima are at an expected cosine of about a half.
 */
export function projectSketch({ spans }: RequestSketch): Float64Array | null {
  const point = new Float64Array(PROJECTION_DIMENSIONS)
  for (const { minhash } of spans) {
    for (let bin = 0; bin < minhash.length; bin++) {
      const mixed = mix32(bin * BYTE_VALUES + minhash[bin]! + 1)
      point[mixed % PROJECTION_DIMENSIONS]! += mixed >>> 31 ? 1 : -1
    }
  }
  const length = Math.sqrt(point.reduce((sum, value) => sum + value * value, 0))
  return length === 0 ? null : point.map((value) => value / length)
}

/** The finaliser of MurmurHash3. */
function mix32(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
