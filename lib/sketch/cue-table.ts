import { CUE_LEXICON, INSTRUCTION, type LexiconClass, SKIPPED_WORDS } from './cue-lexicon.ts'
import { CUE_CLASSES } from './cues.ts'

/** Weight columns per cue: the classes in wire order, then `instruction`. */
export const LEXICON_CLASSES: readonly LexiconClass[] = [...CUE_CLASSES, INSTRUCTION]
export const WEIGHT_COLUMNS = LEXICON_CLASSES.length

const SLOT_BITS = 12
const SLOTS = 1 << SLOT_BITS
const SLOT_SHIFT = 32 - SLOT_BITS
/** A table is at most half full, so that a probe ends after one or two steps. */
const ENTRIES_MAX = SLOTS / 2

/** Word ids: 0 is no word of the lexicon, 1 a word that cues skip. */
export const UNKNOWN_WORD = 0
export const SKIPPED_WORD = 1
/** Cue index 0 is no cue. */
export const NO_CUE = 0

/** Bits of a token hash to shift out for `maybeWord`. */
export const MAYBE_SHIFT = 18

export interface CueTable {
  /** 0 at `tokenHash >>> MAYBE_SHIFT`: the token is surely not in the lexicon. One byte read settles most words. */
  readonly maybeWord: Uint8Array
  /** Id of the word with this token hash, or `UNKNOWN_WORD`. */
  wordId(tokenHash: number): number
  /** Index of the one-word cue, or `NO_CUE`. */
  wordCue(wordId: number): number
  /** Index of the cue of two words in this order, or `NO_CUE`. */
  pairCue(firstId: number, secondId: number): number
  /** Weight of a cue for column c, in tenths of a log-odds, at `cue * WEIGHT_COLUMNS + c`. */
  readonly weights: Int32Array
  readonly cuesCount: number
}

/**
 * Compiles the lexicon to hash tables over token hashes, so that the scanner looks words up without making strings.
 * @param hashToken the hash that the scanner computes for a token
 * @throws RangeError when a cue is not one or two words, or holds a skipped word, or there are too many
 */
export function compileCueTable(hashToken: (token: string) => number): CueTable {
  const words = createSlots()
  const pairs = createSlots()
  const maybeWord = new Uint8Array(2 ** (32 - MAYBE_SHIFT))
  const cueByWord: number[] = []
  const idByWord = new Map<string, number>()
  const indexByCue = new Map<string, number>()
  const rows: number[][] = [new Array<number>(WEIGHT_COLUMNS).fill(0)]

  function defineWord(word: string, id: number): number {
    const tokenHash = hashToken(word)
    words.put(tokenHash, id)
    maybeWord[tokenHash >>> MAYBE_SHIFT] = 1
    idByWord.set(word, id)
    return id
  }

  function defineCue(cue: string): number {
    const cueWords = cue.split(' ')
    if (cueWords.length > 2 || cueWords.some((word) => SKIPPED_WORDS.includes(word))) {
      throw new RangeError(
        `cue '${cue}' must be one or two words, none of them skipped: edit lib/sketch/cue-lexicon.ts`,
      )
    }
    const index = rows.push(new Array<number>(WEIGHT_COLUMNS).fill(0)) - 1
    indexByCue.set(cue, index)
    const ids = cueWords.map((word) => idByWord.get(word) ?? defineWord(word, idByWord.size + SKIPPED_WORD + 1))
    if (ids.length === 1) cueByWord[ids[0]!] = index
    else pairs.put(pairKey(ids[0]!, ids[1]!), index)
    return index
  }

  for (const word of SKIPPED_WORDS) defineWord(word, SKIPPED_WORD)
  for (const [column, lexiconClass] of LEXICON_CLASSES.entries()) {
    for (const [weight, cues] of Object.entries(CUE_LEXICON[lexiconClass])) {
      for (const cue of cues) rows[indexByCue.get(cue) ?? defineCue(cue)]![column] = Number(weight)
    }
  }

  const wordCues = Uint16Array.from({ length: SLOTS }, (_, id) => cueByWord[id] ?? NO_CUE)
  return {
    maybeWord,
    wordId: words.get,
    wordCue: (wordId) => wordCues[wordId]!,
    pairCue: (firstId, secondId) => pairs.get(pairKey(firstId, secondId)),
    weights: Int32Array.from(rows.flat()),
    cuesCount: rows.length,
  }
}

function pairKey(firstId: number, secondId: number): number {
  return Math.imul((firstId << 16) | secondId, 0x9e3779b1)
}

/** An open-addressing table from a 32-bit hash to a positive 16-bit value; the upper bits of the hash choose the slot. */
function createSlots() {
  const hashes = new Int32Array(SLOTS)
  const values = new Uint16Array(SLOTS)
  let entries = 0
  return {
    get(hash: number): number {
      let slot = hash >>> SLOT_SHIFT
      while (values[slot] !== 0) {
        if (hashes[slot] === hash) return values[slot]!
        slot = (slot + 1) & (SLOTS - 1)
      }
      return 0
    },
    put(hash: number, value: number): void {
      if (++entries > ENTRIES_MAX)
        throw new RangeError(`the cue lexicon has over ${ENTRIES_MAX} entries: raise SLOT_BITS`)
      let slot = hash >>> SLOT_SHIFT
      while (values[slot] !== 0) slot = (slot + 1) & (SLOTS - 1)
      hashes[slot] = hash
      values[slot] = value
    },
  }
}
