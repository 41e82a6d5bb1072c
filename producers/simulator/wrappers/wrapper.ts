import type { Random } from '../../sample/random.ts'

/** What a campaign wants from the model; CONTRACT's `objectives`. */
export type Objective =
  | 'reasoning'
  | 'grading'
  | 'cleaning'
  | 'task_generation'
  | 'agentic'
  | 'code'
  | 'vision'
  | 'rewriting'
  | 'logprobs'

/** An extraction instruction as it is sent, and the form that it gives to the answer. */
export interface Wrapper {
  readonly objective: Objective
  readonly family: string
  readonly text: string
  /** The model obeys: what it writes instead of the plain answer. */
  output(answer: string, random: Random): string
}

/** Ways to say one thing that have hardly a word in common with those of the other families. */
export interface WrapperFamily {
  readonly name: string
  /** Sentences of the grammar (grammar.ts), joined by spaces. */
  readonly sentences: readonly string[]
  /** Values for `$tag`, one of which is drawn for instruction and answer alike. */
  readonly tags?: readonly string[]
  /** Says it without the words that a lexicon of cues knows: for those who have read the lexicon. */
  readonly quiet?: boolean
  output(answer: string, tag: string, random: Random): string
}

/** First sentence-like part of an answer, where an instruction asks for a short one. */
export function lastPart(answer: string): string {
  return answer.slice(-80).trim()
}

export const inTags = (answer: string, tag: string): string => `<${tag}>\n${answer}\n</${tag}>\n${lastPart(answer)}`
