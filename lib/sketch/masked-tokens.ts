import {
  ANGLE,
  BACKTICK,
  BYTE_CLASS,
  DIGIT,
  FOLDED,
  LEAD_2,
  LEAD_3,
  LEAD_4,
  LETTER,
  NEWLINE,
  OTHER,
  QUOTE,
  SPACE,
  STOP,
} from './byte-classes.ts'
import { CODE_BLOCK, INLINE_CODE } from './cue-lexicon.ts'
import { compileCueTable, MAYBE_SHIFT, NO_CUE, SKIPPED_WORD, UNKNOWN_WORD, WEIGHT_COLUMNS } from './cue-table.ts'
import {
  endOfCodeBlock,
  endOfInlineCode,
  endOfNumber,
  endOfQuote,
  endOfTag,
  endOfTagName,
  endOfTypographicQuote,
  endOfUrl,
  isFence,
  isUrlMark,
  startOfTagName,
} from './masks.ts'

/** Bytes that must follow a text: letters are read four at a time, and the first zero ends the last word. */
export const SCAN_TAIL_BYTES = 4
/** Tokens of a sentence that are kept; what follows still counts for cues. */
export const SENTENCE_TOKENS_MAX = 64
/** A first cue later than this starts the sentence afresh: what stands before it is payload without punctuation. */
const UNPUNCTUATED_TOKENS_MAX = 32
/** `<answer> ... </answer>` with no more than this between is one mention of a format, not a block of payload. */
const INLINE_TAG_TOKENS_MAX = 3
const NO_OPEN_TAG = -INLINE_TAG_TOKENS_MAX - 1

const SPACE_BYTE = 0x20
const LOWER_CASE = 0x20202020
const HIGH_BITS = 0x80808080
const APOSTROPHE = 0x27
const HIDDEN = -1

/** One sentence or line of a text after masking. Valid until the next sentence is reported, or the one after if kept. */
export interface Sentence {
  /** Keyed 32-bit hashes of the first tokens. */
  readonly tokens: Int32Array
  /** Tokens kept in `tokens`. */
  kept: number
  /** Tokens that are words, not placeholders. */
  words: number
  /** Cue weight per lexicon class, tenths of a log-odds. */
  readonly weights: Int32Array
  /** Their sum. */
  weight: number
}

export interface SentenceScanner {
  /**
   * Reads UTF-8 from `bytes[start, end)` once, in linear time, and reports each sentence that has tokens. `SCAN_TAIL_BYTES`
   * bytes must follow, the first of them 0. `onSentence` returns true to keep a sentence valid while the next one is read.
   */
  scan(bytes: Uint8Array, start: number, end: number, onSentence: (sentence: Sentence) => boolean): void
}

/**
 * Tokenises, folds case, masks and cuts. Words are folded (ASCII, Latin-1, Cyrillic); numbers, quotations, code and
 * URLs become one placeholder each; Han and kana are one token per character. A sentence ends at a line's end, at
 * . ! ? : before white space, at 。！？：, and around tags that enclose payload.
 * @param seed start value of a token's hash, secret
 * @param multiplier odd factor of a token's hash, secret
 */
export function createSentenceScanner(seed: number, multiplier: number): SentenceScanner {
  const encoder = new TextEncoder()
  const hashToken = (token: string): number => hashFolded(encoder.encode(token), seed, multiplier)
  const cues = compileCueTable(hashToken)
  const codeBlock = hashToken(CODE_BLOCK)
  const inlineCode = hashToken(INLINE_CODE)
  const number = hashToken('<number>')
  const quotation = hashToken('<quotation>')
  const url = hashToken('<url>')
  const identifier = hashToken('<identifier>')

  let view: DataView = new DataView(new ArrayBuffer(0))
  let current = createSentence()
  let spare = createSentence()
  let tokensCount = 0
  let words = 0
  let sentenceNumber = 0
  let previousWord = UNKNOWN_WORD
  let previousWordToken = 0
  let openTagAt = NO_OPEN_TAG
  const seenIn = new Float64Array(cues.cuesCount)
  let report: (sentence: Sentence) => boolean = () => false
  /** Out-parameters of `restOfWord`. */
  let wordHash = 0
  let wordMasked = false

  function scan(bytes: Uint8Array, start: number, end: number, onSentence: (sentence: Sentence) => boolean): void {
    report = onSentence
    if (view.buffer !== bytes.buffer || view.byteOffset !== bytes.byteOffset || view.byteLength !== bytes.byteLength) {
      view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    const classes = BYTE_CLASS
    let i = start
    while (i < end) {
      const byte = bytes[i]!
      const kind = classes[byte]!
      if (kind === LETTER) i = scanWords(bytes, i, end)
      else if (kind === SPACE) i++
      else if (kind === NEWLINE) {
        finish()
        i++
      } else if (kind === STOP) {
        i++
        if (i >= end || endsSentence(classes[bytes[i]!]!, bytes[i]!)) finish()
      } else if (kind === DIGIT) {
        i = endOfNumber(bytes, i, end)
        addPlaceholder(number)
      } else if (kind === OTHER && byte !== APOSTROPHE) i++
      else i = scanMark(bytes, i, start, end, kind)
    }
    finish()
  }

  /**
   * A run of plain words with single spaces between: nearly all of prose. Letters are folded and hashed four at a time,
   * because a branch per letter costs more than anything else here; the constants are locals, because a binding
   * imported from another module is looked up at every use.
   */
  function scanWords(bytes: Uint8Array, from: number, end: number): number {
    const letter = LETTER
    const shift = MAYBE_SHIFT
    const classes = BYTE_CLASS
    const maybeWord = cues.maybeWord
    const tokens = current.tokens
    const chars = view
    const factor = multiplier
    let i = from
    for (;;) {
      const wordStart = i
      let hash = seed
      for (;;) {
        const four = chars.getInt32(i, true) | LOWER_CASE
        const others = nonLetters(four)
        if (others === 0) {
          hash = Math.imul(hash ^ four, factor)
          hash ^= hash >>> 15
          i += 4
        } else {
          // The lowest set bit marks the first byte that is no letter; the bytes below it are the word's last.
          const first = others & -others
          hash = Math.imul(hash ^ (four & ((first >>> 7) - 1)), factor)
          i += (31 - Math.clz32(first)) >>> 3
          break
        }
      }
      if (bytes[i] !== SPACE_BYTE) return addRestOfWord(bytes, wordStart, i, end, hash)
      const at = tokensCount++
      if (at < SENTENCE_TOKENS_MAX) tokens[at] = hash
      words++
      if (maybeWord[hash >>> shift] === 0) previousWord = UNKNOWN_WORD
      else findCues(hash)
      if (classes[bytes[++i]!] !== letter) return i
    }
  }

  function addRestOfWord(bytes: Uint8Array, start: number, from: number, end: number, hash: number): number {
    const i = restOfWord(bytes, start, from, end, hash)
    if (wordMasked) addPlaceholder(wordHash)
    else addWord(wordHash)
    return i
  }

  /** Quotes, code, tags and everything beyond ASCII. Returns where to go on. */
  function scanMark(bytes: Uint8Array, i: number, start: number, end: number, kind: number): number {
    switch (kind) {
      case QUOTE:
      case OTHER: {
        const before = i > start ? BYTE_CLASS[bytes[i - 1]!] : SPACE
        const close = before === LETTER || before === DIGIT ? -1 : endOfQuote(bytes, i, end)
        return close < 0 ? i + 1 : mask(quotation, close)
      }
      case BACKTICK: {
        if (isFence(bytes, i, end)) {
          const close = endOfCodeBlock(bytes, i, end)
          return close < 0 ? i + 3 : mask(codeBlock, close)
        }
        const close = endOfInlineCode(bytes, i, end)
        return close < 0 ? i + 1 : mask(inlineCode, close)
      }
      case ANGLE:
        return scanTag(bytes, i, start, end)
      case LEAD_2:
        if (bytes[i] === 0xc2) return i + 2
        return addRestOfWord(bytes, i, i, end, seed)
      case LEAD_3:
        return scanThreeBytes(bytes, i, end)
      case LEAD_4:
        // F0 A0 and up are Han extensions; below are emoji and rare scripts.
        if (bytes[i] === 0xf0 && bytes[i + 1]! >= 0xa0) addCharacter(bytes, i, 4)
        return i + 4
      default:
        return i + 1
    }
  }

  function scanThreeBytes(bytes: Uint8Array, i: number, end: number): number {
    const second = bytes[i + 1]!
    const third = bytes[i + 2]!
    switch (bytes[i]) {
      case 0xe2: {
        // U+2018 and U+201C open a quotation; the rest of the block is punctuation and symbols.
        if (second !== 0x80 || (third !== 0x98 && third !== 0x9c)) return i + 3
        const close = endOfTypographicQuote(bytes, i, end)
        return close < 0 ? i + 3 : mask(quotation, close)
      }
      case 0xe3:
        if (second === 0x80) {
          if (third === 0x82) finish()
          if (third === 0x8c || third === 0x8e) {
            const close = endOfTypographicQuote(bytes, i, end)
            return close < 0 ? i + 3 : mask(quotation, close)
          }
          return i + 3
        }
        break
      case 0xef:
        // Full-width ! : ? end a sentence; other presentation forms separate words.
        if (second === 0xbc && (third === 0x81 || third === 0x9a || third === 0x9f)) finish()
        return i + 3
      case 0xe4:
      case 0xe5:
      case 0xe6:
      case 0xe7:
      case 0xe8:
      case 0xe9:
        break
      default:
        return addRestOfWord(bytes, i, i, end, seed)
    }
    addCharacter(bytes, i, 3)
    return i + 3
  }

  function addCharacter(bytes: Uint8Array, from: number, size_bytes: number): void {
    let hash = seed
    for (let i = from; i < from + size_bytes; i++) hash = Math.imul(hash ^ bytes[i]!, multiplier)
    addWord(hash)
  }

  /** Goes on with a word after its first letters: apostrophes, digits, letters beyond ASCII, or the rest of a URL. */
  function restOfWord(bytes: Uint8Array, start: number, from: number, end: number, startHash: number): number {
    let hash = startHash
    let digitRuns = 0
    let hidden = false
    let i = from
    while (i < end) {
      const byte = bytes[i]!
      const kind = BYTE_CLASS[byte]
      if (kind === LETTER) {
        hash = Math.imul(hash ^ FOLDED[byte]!, multiplier)
        i++
      } else if (kind === DIGIT) {
        if (BYTE_CLASS[bytes[i - 1]!] !== DIGIT) {
          digitRuns++
          hash = Math.imul(hash ^ 0x30, multiplier)
        }
        i++
      } else if (byte === APOSTROPHE && BYTE_CLASS[bytes[i + 1]!] === LETTER) {
        hash = Math.imul(hash ^ APOSTROPHE, multiplier)
        i++
      } else if (kind === LEAD_2 && byte !== 0xc2) {
        const letter = foldTwoBytes(byte, bytes[i + 1]!)
        hash = Math.imul(Math.imul(hash ^ (letter >>> 8), multiplier) ^ (letter & 255), multiplier)
        i += 2
      } else if (kind === LEAD_3) {
        const letter = threeByteLetter(bytes, i)
        if (letter === 0) break
        if (letter === HIDDEN) hidden = true
        else if (letter === APOSTROPHE) hash = Math.imul(hash ^ APOSTROPHE, multiplier)
        else {
          for (let k = 0; k < 3; k++) hash = Math.imul(hash ^ bytes[i + k]!, multiplier)
        }
        i += 3
      } else break
    }
    if (hidden) hash = hashFolded(withoutHidden(bytes, start, Math.min(i, end)), seed, multiplier)
    wordMasked = digitRuns > 1
    wordHash = wordMasked ? identifier : hash
    if (isUrlMark(bytes, i, end)) {
      wordMasked = true
      wordHash = url
      return endOfUrl(bytes, i, end)
    }
    // A letter of three bytes can be cut off by the end of a part; the caller's loop stops at `end` either way.
    return Math.min(i, end)
  }

  /** A tag that encloses payload is a sentence of its own; one that an instruction mentions is a word in it. */
  function scanTag(bytes: Uint8Array, i: number, start: number, end: number): number {
    const nameStart = startOfTagName(bytes, i)
    const nameEnd = endOfTagName(bytes, nameStart, end)
    const after = nameEnd < 0 ? -1 : endOfTag(bytes, nameEnd, end)
    if (after < 0) return i + 1
    let hash = Math.imul(seed ^ 0x3c, multiplier)
    for (let k = nameStart; k < nameEnd; k++) hash = Math.imul(hash ^ FOLDED[bytes[k]!]!, multiplier)
    hash = Math.imul(hash ^ 0x3e, multiplier)

    const closing = nameStart === i + 2
    const mentioned = closing
      ? tokensCount - openTagAt <= INLINE_TAG_TOKENS_MAX
      : i > start && isMentionStart(bytes[i - 1]!) && tokensCount > 0 && after < end && isMentionEnd(bytes[after]!)
    if (!mentioned) finish()
    addWord(hash)
    if (!mentioned) finish()
    else if (!closing) openTagAt = tokensCount
    return after
  }

  function mask(placeholder: number, end: number): number {
    addPlaceholder(placeholder)
    return end
  }

  function addPlaceholder(placeholder: number): void {
    // A list of numbers is one placeholder, however long: its length belongs to the payload.
    if (tokensCount > 0 && tokensCount <= SENTENCE_TOKENS_MAX && current.tokens[tokensCount - 1] === placeholder) return
    if (tokensCount < SENTENCE_TOKENS_MAX) current.tokens[tokensCount] = placeholder
    tokensCount++
    if (placeholder === codeBlock || placeholder === inlineCode) hit(cues.wordCue(cues.wordId(placeholder)))
  }

  function addWord(token: number): void {
    if (tokensCount < SENTENCE_TOKENS_MAX) current.tokens[tokensCount] = token
    tokensCount++
    words++
    findCues(token)
  }

  function findCues(token: number): void {
    const word = cues.wordId(token)
    if (word === SKIPPED_WORD) return
    if (word !== UNKNOWN_WORD) {
      const unmarked = current.weight === 0
      const pair = previousWord === UNKNOWN_WORD ? NO_CUE : cues.pairCue(previousWord, word)
      hit(cues.wordCue(word))
      hit(pair)
      if (unmarked && current.weight > 0 && tokensCount > UNPUNCTUATED_TOKENS_MAX) restart(token, pair !== NO_CUE)
      previousWordToken = token
    }
    previousWord = word
  }

  function hit(cue: number): void {
    if (cue === NO_CUE || seenIn[cue] === sentenceNumber) return
    seenIn[cue] = sentenceNumber
    for (let column = 0; column < WEIGHT_COLUMNS; column++) {
      const weight = cues.weights[cue * WEIGHT_COLUMNS + column]!
      current.weights[column] = current.weights[column]! + weight
      current.weight += weight
    }
  }

  function restart(token: number, withPrevious: boolean): void {
    tokensCount = 0
    if (withPrevious) current.tokens[tokensCount++] = previousWordToken
    current.tokens[tokensCount++] = token
    words = tokensCount
  }

  function finish(): void {
    if (tokensCount === 0) return
    current.words = words
    current.kept = Math.min(tokensCount, SENTENCE_TOKENS_MAX)
    if (report(current)) [current, spare] = [spare, current]
    if (current.weight > 0) current.weights.fill(0)
    current.weight = 0
    words = 0
    tokensCount = 0
    sentenceNumber++
    previousWord = UNKNOWN_WORD
    openTagAt = NO_OPEN_TAG
  }

  seenIn.fill(-1)
  return { scan }
}

/** The high bit of each of four bytes, lower case bit already set, that is not a to z. */
function nonLetters(four: number): number {
  const low = four & 0x7f7f7f7f
  return ((low + 0x05050505) | ~(low + 0x1f1f1f1f) | four) & HIGH_BITS
}

/** What the scanner makes of a folded token: leading letters four at a time, then byte by byte. */
function hashFolded(bytes: Uint8Array, seed: number, multiplier: number): number {
  let letters = 0
  while (letters < bytes.length && isAsciiLetter(bytes[letters]!)) letters++
  let hash = seed
  let i = 0
  for (; i + 4 <= letters; i += 4) {
    hash = Math.imul(hash ^ packed(bytes, i, 4), multiplier)
    hash ^= hash >>> 15
  }
  if (letters > 0) hash = Math.imul(hash ^ packed(bytes, i, letters - i), multiplier)
  for (i = letters; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, multiplier)
  return hash
}

function isAsciiLetter(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a
}

/** The folded bytes of a word without its zero-width characters. */
function withoutHidden(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const visible: number[] = []
  for (let i = start; i < end; ) {
    if (threeByteLetter(bytes, i) === HIDDEN) i += 3
    else visible.push(FOLDED[bytes[i++]!]!)
  }
  return Uint8Array.from(visible)
}

/** Up to four bytes as the scanner reads them, the first the lowest. */
function packed(bytes: Uint8Array, from: number, count: number): number {
  let four = 0
  for (let i = 0; i < count; i++) four |= bytes[from + i]! << (8 * i)
  return four
}

function createSentence(): Sentence {
  return {
    tokens: new Int32Array(SENTENCE_TOKENS_MAX),
    kept: 0,
    words: 0,
    weights: new Int32Array(WEIGHT_COLUMNS),
    weight: 0,
  }
}

/** What may follow . ! ? : when they end a sentence. */
function endsSentence(kind: number, byte: number): boolean {
  return (
    kind === SPACE ||
    kind === NEWLINE ||
    kind === QUOTE ||
    kind === ANGLE ||
    kind === LEAD_3 ||
    byte === 0x29 ||
    byte === 0x2a
  )
}

function isMentionStart(byte: number): boolean {
  return BYTE_CLASS[byte] === SPACE || byte === 0x28 || BYTE_CLASS[byte] === QUOTE || BYTE_CLASS[byte] === BACKTICK
}

function isMentionEnd(byte: number): boolean {
  const kind = BYTE_CLASS[byte]
  return kind === SPACE || kind === STOP || kind === OTHER || kind === ANGLE || kind === QUOTE || kind === BACKTICK
}

/** Lower case of a two-byte letter of Latin-1 or Cyrillic, as lead << 8 | second. */
function foldTwoBytes(lead: number, second: number): number {
  if (lead === 0xc3 && second >= 0x80 && second <= 0x9e && second !== 0x97) return 0xc300 | (second + 0x20)
  if (lead === 0xd0 && second >= 0x90 && second <= 0x9f) return 0xd000 | (second + 0x20)
  if (lead === 0xd0 && second >= 0xa0 && second <= 0xaf) return 0xd100 | (second - 0x20)
  return (lead << 8) | second
}

/** 0: not part of a word. HIDDEN: a zero-width character, which must not split a cue. Else an apostrophe or a letter. */
function threeByteLetter(bytes: Uint8Array, i: number): number {
  const lead = bytes[i]!
  if (lead === 0xe2) {
    if (bytes[i + 1] !== 0x80) return 0
    const third = bytes[i + 2]!
    if (third >= 0x8b && third <= 0x8d) return HIDDEN
    return third === 0x99 && BYTE_CLASS[bytes[i + 3]!] === LETTER ? APOSTROPHE : 0
  }
  if (lead === 0xef) return bytes[i + 1] === 0xbb && bytes[i + 2] === 0xbf ? HIDDEN : 0
  return lead >= 0xe3 && lead <= 0xe9 ? 0 : 1
}
