import { FRAME_HEADROOM_BYTES } from './keyed-hash.ts'
import { SCAN_TAIL_BYTES } from './masked-tokens.ts'

const FRAME_BYTES_START = 65_536
/** A larger frame is dropped after its request, so that one 10 MB prompt does not stay in memory. */
const FRAME_BYTES_KEPT = 1_048_576
/** One UTF-16 code unit is at most three bytes of UTF-8. */
const BYTES_PER_CHAR_MAX = 3
const LENGTH_BYTES = 4

/**
 * One message as bytes: what is hashed and what is scanned, encoded once. Every string is preceded by its length and
 * followed by a NUL, so that no two messages share their bytes and the scanner finds its end.
 */
export interface TextFrame {
  /** Starts anew under a hash domain. */
  begin(domain: string): void
  /** Appends a text. Afterwards it lies at `textStart()` to `textEnd()`. Lone surrogates become U+FFFD. */
  addText(text: string): void
  /** Appends bytes given as one character each. */
  addDigest(digest: string): void
  bytes(): Uint8Array
  end(): number
  textStart(): number
  textEnd(): number
  /** Gives back what a very long text took. */
  release(): void
}

export function createTextFrame(): TextFrame {
  const encoder = new TextEncoder()
  let bytes = new Uint8Array(FRAME_BYTES_START)
  let end = 0
  let textStart = 0
  let textEnd = 0

  function reserve(size_bytes: number): void {
    if (end + size_bytes <= bytes.length) return
    const grown = new Uint8Array(Math.max(end + size_bytes, 2 * bytes.length))
    grown.set(bytes.subarray(0, end))
    bytes = grown
  }

  function addLength(length: number): void {
    for (let shift = 24; shift >= 0; shift -= 8) bytes[end++] = (length >>> shift) & 255
  }

  return {
    begin(domain) {
      end = FRAME_HEADROOM_BYTES
      for (let i = 0; i < domain.length; i++) bytes[end++] = domain.charCodeAt(i)
      bytes[end++] = 0
    },
    addText(text) {
      reserve(LENGTH_BYTES + BYTES_PER_CHAR_MAX * text.length + SCAN_TAIL_BYTES)
      textStart = end + LENGTH_BYTES
      textEnd = textStart + encoder.encodeInto(text, bytes.subarray(textStart)).written
      addLength(textEnd - textStart)
      end = textEnd
      bytes[end++] = 0
    },
    addDigest(digest) {
      reserve(digest.length)
      for (let i = 0; i < digest.length; i++) bytes[end++] = digest.charCodeAt(i)
    },
    bytes: () => bytes,
    end: () => end,
    textStart: () => textStart,
    textEnd: () => textEnd,
    release() {
      if (bytes.length > FRAME_BYTES_KEPT) bytes = new Uint8Array(FRAME_BYTES_START)
    },
  }
}
