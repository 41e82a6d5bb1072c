import { ANGLE, BACKTICK, BYTE_CLASS, DIGIT, LETTER, NEWLINE, QUOTE, SPACE } from './byte-classes.ts'

/** A quotation or inline code longer than this is text with a stray mark in it. */
const INLINE_BYTES_MAX = 240
/** A code block longer than this is read as text: nobody hides an instruction behind one unclosed fence. */
const CODE_BLOCK_BYTES_MAX = 32_768
const TAG_NAME_BYTES_MAX = 40
const TAG_BYTES_MAX = 160

const BACKTICK_BYTE = 0x60
const APOSTROPHE = 0x27

/**
 * Each function answers: if the thing that starts at `start` is complete, where does it end (exclusive)? -1 when it is
 * not. Each stops at the first mark of its kind, so that a text made of marks costs linear time: no byte is looked at
 * by more than one failing search per kind of mark.
 */

/** End of a quotation on one line that opens at `start` with a one-byte mark. A mark that opens another ends the search. */
export function endOfQuote(bytes: Uint8Array, start: number, end: number): number {
  const mark = bytes[start]!
  const limit = Math.min(end, start + INLINE_BYTES_MAX)
  for (let i = start + 1; i < limit; i++) {
    const byte = bytes[i]!
    if (byte === mark) {
      const before = BYTE_CLASS[bytes[i - 1]!]
      const after = i + 1 < end ? BYTE_CLASS[bytes[i + 1]!] : SPACE
      if (mark === APOSTROPHE && before === LETTER && after === LETTER) continue
      if (before === SPACE && (after === LETTER || after === DIGIT)) return -1
      return i + 1
    }
    if (BYTE_CLASS[byte] === NEWLINE) return -1
  }
  return -1
}

/** End of a quotation between the three-byte marks E2 80 `open` (start) and E2 80 `close`, or E3 80 for 「 and 『. */
export function endOfTypographicQuote(bytes: Uint8Array, start: number, end: number): number {
  const lead = bytes[start]!
  const open = bytes[start + 2]!
  const limit = Math.min(end, start + INLINE_BYTES_MAX)
  for (let i = start + 3; i < limit; i++) {
    const byte = bytes[i]!
    if (byte === lead && bytes[i + 1] === 0x80) {
      const mark = bytes[i + 2]!
      if (mark === open + 1) return i + 3
      if (mark === open) return -1
    }
    if (BYTE_CLASS[byte] === NEWLINE) return -1
  }
  return -1
}

/** End of `inline code` on one line. */
export function endOfInlineCode(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + INLINE_BYTES_MAX)
  for (let i = start + 1; i < limit; i++) {
    if (bytes[i] === BACKTICK_BYTE) return i + 1
    if (BYTE_CLASS[bytes[i]!] === NEWLINE) return -1
  }
  return -1
}

/** Whether a code fence, three backticks, stands at `i`. */
export function isFence(bytes: Uint8Array, i: number, end: number): boolean {
  return i + 3 <= end && bytes[i] === BACKTICK_BYTE && bytes[i + 1] === BACKTICK_BYTE && bytes[i + 2] === BACKTICK_BYTE
}

/** End of a fenced block. A fence with a language name opens a block, so it cannot close the one from `start`. */
export function endOfCodeBlock(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + CODE_BLOCK_BYTES_MAX)
  for (let i = start + 3; i < limit; i++) {
    if (isFence(bytes, i, end)) return i + 3 < end && BYTE_CLASS[bytes[i + 3]!] === LETTER ? -1 : i + 3
  }
  return -1
}

/** End of a number with its separators, date, time or unit: 3.14, 1,000, 2026-11-23T10:00, 5th, 0xff. */
export function endOfNumber(bytes: Uint8Array, start: number, end: number): number {
  let i = start + 1
  while (i < end) {
    const kind = BYTE_CLASS[bytes[i]!]
    if (kind !== DIGIT && kind !== LETTER && !(isNumberSeparator(bytes[i]!) && BYTE_CLASS[bytes[i + 1]!] === DIGIT))
      break
    i++
  }
  return Math.min(i, end)
}

/** End of a URL whose `://` stands at `start`: up to white space, a quote, a bracket; closing punctuation stays out. */
export function endOfUrl(bytes: Uint8Array, start: number, end: number): number {
  let i = start + 3
  while (i < end && !isUrlEnd(bytes[i]!)) i++
  while (i > start + 3 && isClosingPunctuation(bytes[i - 1]!)) i--
  return i
}

/** Whether `://` stands at `i`. */
export function isUrlMark(bytes: Uint8Array, i: number, end: number): boolean {
  return i + 3 <= end && bytes[i] === 0x3a && bytes[i + 1] === 0x2f && bytes[i + 2] === 0x2f
}

/** First byte of the name of the tag at `start`: after `<` or `</`. */
export function startOfTagName(bytes: Uint8Array, start: number): number {
  return bytes[start + 1] === 0x2f ? start + 2 : start + 1
}

/** End of the name of a tag, -1 when it is no tag: `<think>`, `</answer>`, `<|im_start|>`, `<doc id="7">`. */
export function endOfTagName(bytes: Uint8Array, nameStart: number, end: number): number {
  const limit = Math.min(end, nameStart + TAG_NAME_BYTES_MAX)
  let i = nameStart
  while (i < limit && isTagNameByte(bytes[i]!)) i++
  const first = bytes[nameStart]!
  return i > nameStart && i < limit && (BYTE_CLASS[first] === LETTER || first === 0x7c) ? i : -1
}

/** End of a tag whose name ends at `nameEnd`. After the name only attributes may come, and those have an `=`. */
export function endOfTag(bytes: Uint8Array, nameEnd: number, end: number): number {
  if (bytes[nameEnd] === 0x3e) return nameEnd + 1
  const limit = Math.min(end, nameEnd + TAG_BYTES_MAX)
  let attributes = bytes[nameEnd] === 0x2f
  for (let i = nameEnd; i < limit; i++) {
    const byte = bytes[i]!
    if (byte === 0x3e) return attributes ? i + 1 : -1
    if (byte === 0x3d) attributes = true
    if (BYTE_CLASS[byte] === ANGLE || BYTE_CLASS[byte] === NEWLINE) return -1
  }
  return -1
}

function isNumberSeparator(byte: number): boolean {
  return byte === 0x2e || byte === 0x2c || byte === 0x3a || byte === 0x2f || byte === 0x2d
}

function isUrlEnd(byte: number): boolean {
  const kind = BYTE_CLASS[byte]
  return (
    kind === SPACE ||
    kind === NEWLINE ||
    kind === QUOTE ||
    kind === ANGLE ||
    kind === BACKTICK ||
    byte === 0x3e ||
    byte === 0x29
  )
}

function isClosingPunctuation(byte: number): boolean {
  return byte === 0x2e || byte === 0x2c || byte === 0x21 || byte === 0x3f || byte === 0x3a || byte === 0x3b
}

function isTagNameByte(byte: number): boolean {
  const kind = BYTE_CLASS[byte]
  return kind === LETTER || kind === DIGIT || byte === 0x7c || byte === 0x2d
}
