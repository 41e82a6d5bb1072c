import type { KeptRecord, RawRecord } from './record.ts'

// A record of a compacted topic, or of a compressed batch, may be larger than what the dead letters take: a broker's
// default of one megabyte. A letter that can not be written would stop its task for good.
const PAYLOAD_BYTES_MAX = 900_000
const WORD_BYTES_MAX = 256
const HEADERS_MAX = 16
const SPACE = 0x20
const DELETE = 0x7f

/**
 * Copies what a dead letter keeps. Key and headers are kept when they are words: ids, numbers, names. Anything longer, or
 * with white space in it, may be text that somebody else put there.
 */
export function keepRecord({ key, value, headers = {} }: RawRecord): KeptRecord {
  const size_bytes = value?.length ?? 0
  const kept: KeptRecord['headers'][number][] = []
  for (const [name, content] of Object.entries(headers)) {
    if (content === undefined || Array.isArray(content) || kept.length >= HEADERS_MAX) continue
    const bytes = Buffer.from(content)
    if (isWord(bytes) && isWord(Buffer.from(name))) kept.push({ name, value: bytes })
  }
  return {
    key: key !== null && isWord(key) ? Buffer.from(key) : null,
    // A slice of the fetch would keep the whole fetch in memory for as long as the letter waits to be written.
    payload: value !== null && size_bytes <= PAYLOAD_BYTES_MAX ? Buffer.from(value) : null,
    headers: kept,
    size_bytes,
  }
}

/** True for bytes that hold an identifier or a number: few, and no white space or control character among them. */
export function isWord(bytes: Buffer): boolean {
  return bytes.length <= WORD_BYTES_MAX && bytes.every((byte) => byte > SPACE && byte !== DELETE)
}
