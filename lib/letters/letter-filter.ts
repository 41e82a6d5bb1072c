import type { DeadLetter } from '../../schemas/types.ts'

/** Which letters are meant. An absent member lets everything through. */
export interface LetterFilter {
  readonly reason?: string
  readonly stage?: string
  /** Topic, or the input file as it was named. */
  readonly source?: string
  /** Written then or later, epoch ms. */
  readonly since_ms?: number
}

/** True for a letter, and for the mark of a letter, that the filter means. */
export function isMeant(filter: LetterFilter, letter: DeadLetter, written_ms: number): boolean {
  return (
    (filter.reason ?? letter.reason) === letter.reason &&
    (filter.stage ?? letter.stage) === letter.stage &&
    (filter.source ?? letter.source) === letter.source &&
    written_ms >= (filter.since_ms ?? Number.NEGATIVE_INFINITY)
  )
}
