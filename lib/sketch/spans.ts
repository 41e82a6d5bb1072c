import { type CueEvidence, cueBits } from './cue-scores.ts'
import { WEIGHT_COLUMNS } from './cue-table.ts'
import { SENTENCE_TOKENS_MAX, type Sentence, type SentenceScanner } from './masked-tokens.ts'
import { createSpanCandidates, SPAN_TOKENS_MAX, type SpanCandidate } from './span-candidates.ts'

/** Shorter spans say nothing; "think step by step" has four words. */
export const SPAN_WORDS_MIN = 4
/** A sentence that collects this much, tenths of a log-odds, is instruction-like. */
export const SPAN_WEIGHT_MIN = 10

/** Whose words a text is. Assistant turns are the model's and are not read. */
export type Speaker = 'system' | 'user' | 'tool'

export interface SpanReader {
  clear(): void
  /** Reads the next text of one message; a message is one or more texts followed by `endMessage`. */
  read(bytes: Uint8Array, start: number, end: number, speaker: Speaker): void
  endMessage(): void
  /** At most `SPANS_MAX` spans, the best first. Valid until `clear`. */
  best(): readonly SpanCandidate[]
}

/**
 * Finds the spans of a request that look like instructions: every sentence with enough cue weight, wherever it stands;
 * the first and the last sentence of each user message, for templates without a cue word; the system prompt as a
 * whole. One sentence is one span: runs would make a wrapper's hash depend on the payload next to it.
 */
export function createSpanReader(scanner: SentenceScanner, evidence: CueEvidence): SpanReader {
  const candidates = createSpanCandidates()
  const whole = createWholeText()
  let position = 0
  let speaker: Speaker = 'user'
  let sentencesOfMessage = 0
  /** The latest sentence of a user message: whether it is the last one is known at the message's end. */
  let held: Sentence | null = null

  function offerHeld(isLast: boolean): void {
    if (held === null) return
    const place = sentencesOfMessage === 1 ? 'head' : isLast ? 'tail' : 'body'
    if (place !== 'body' || held.weight >= SPAN_WEIGHT_MIN) {
      candidates.offer(held.tokens, held.kept, cueBits(held.weights), held.weight, place, position)
    }
    held = null
  }

  function onSentence(sentence: Sentence): boolean {
    if (sentence.weight > 0) evidence.add(sentence.weights)
    if (speaker === 'system') whole.add(sentence)
    if (sentence.words < SPAN_WORDS_MIN) return false
    if (speaker === 'user') {
      offerHeld(false)
      position++
      sentencesOfMessage++
      held = sentence
      return true
    }
    position++
    if (sentence.weight >= SPAN_WEIGHT_MIN) {
      candidates.offer(sentence.tokens, sentence.kept, cueBits(sentence.weights), sentence.weight, speaker, position)
    }
    return false
  }

  return {
    read(bytes, start, end, textSpeaker) {
      speaker = textSpeaker
      scanner.scan(bytes, start, end, onSentence)
    },
    endMessage() {
      offerHeld(true)
      sentencesOfMessage = 0
      if (speaker === 'system' && whole.words() >= SPAN_WORDS_MIN) {
        candidates.offer(whole.tokens(), whole.kept(), whole.cues(), whole.weight(), 'system', position)
      }
      whole.clear()
    },
    clear() {
      candidates.clear()
      position = 0
    },
    best: candidates.best,
  }
}

/** The first 64 and the last 64 tokens of all sentences of a text, and its strongest cues. */
function createWholeText() {
  const tokens = new Int32Array(SPAN_TOKENS_MAX)
  const joined = new Int32Array(SPAN_TOKENS_MAX)
  const weights = new Int32Array(WEIGHT_COLUMNS)
  let count = 0
  let words = 0
  let weight = 0
  return {
    add(sentence: Sentence): void {
      // Past the first 64, the second half of the array is a ring.
      for (let i = 0; i < sentence.kept; i++, count++) tokens[slotOf(count)] = sentence.tokens[i]!
      words += sentence.words
      weight = Math.max(weight, sentence.weight)
      if (sentence.weight === 0) return
      for (let column = 0; column < WEIGHT_COLUMNS; column++) {
        weights[column] = Math.max(weights[column]!, sentence.weights[column]!)
      }
    },
    tokens(): Int32Array {
      if (count <= SPAN_TOKENS_MAX) return tokens
      joined.set(tokens)
      for (let i = 0; i < SENTENCE_TOKENS_MAX; i++) {
        joined[SENTENCE_TOKENS_MAX + i] = tokens[slotOf(count - SENTENCE_TOKENS_MAX + i)]!
      }
      return joined
    },
    kept: () => Math.min(count, SPAN_TOKENS_MAX),
    words: () => words,
    weight: () => weight,
    cues: () => cueBits(weights),
    clear() {
      if (count === 0) return
      weights.fill(0)
      count = words = weight = 0
    },
  }
}

function slotOf(index: number): number {
  return index < SENTENCE_TOKENS_MAX ? index : SENTENCE_TOKENS_MAX + (index % SENTENCE_TOKENS_MAX)
}
