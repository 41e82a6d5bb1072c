/** What a byte of UTF-8 can start, for the token scanner. `LETTER` is 1 so that the hottest test is one compare. */
export const OTHER = 0
export const LETTER = 1
export const DIGIT = 2
export const SPACE = 3
export const NEWLINE = 4
/** . ! ? : end a sentence when white space, a quote or a tag follows. */
export const STOP = 5
export const QUOTE = 6
export const BACKTICK = 7
export const ANGLE = 8
/** Lead byte of a character of two bytes, of three, of four. */
export const LEAD_2 = 9
export const LEAD_3 = 10
export const LEAD_4 = 11

/** Class of each byte. Bytes that cannot start a character are `OTHER`. */
export const BYTE_CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => classify(byte))

/** Each byte with ASCII upper case folded to lower. */
export const FOLDED: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 65 && byte <= 90 ? byte + 32 : byte,
)

function classify(byte: number): number {
  if (byte >= 0xf0 && byte < 0xf8) return LEAD_4
  if (byte >= 0xe0 && byte < 0xf0) return LEAD_3
  if (byte >= 0xc2 && byte < 0xe0) return LEAD_2
  if (byte >= 0x80) return OTHER
  const char = String.fromCharCode(byte)
  if (/[a-z_]/i.test(char)) return LETTER
  if (/[0-9]/.test(char)) return DIGIT
  if (char === '\n' || char === '\r') return NEWLINE
  if (char === ' ' || char === '\t') return SPACE
  if (/[.!?:]/.test(char)) return STOP
  if (char === '"') return QUOTE
  if (char === '`') return BACKTICK
  if (char === '<') return ANGLE
  return OTHER
}
