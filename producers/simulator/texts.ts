import type { Library } from '../sample/library.ts'
import { pickAnswer, pickQuestion } from '../sample/prompts.ts'
import type { Random } from '../sample/random.ts'

/**
 * Text that ordinary customers send. All of it is cut from public sets; cutting and joining makes more of it than the
 * sets hold, so that two strangers rarely send the same.
 */

const EXCERPT_WORDS = { from: 15, to: 90 }
const UNCHANGED_SHARE = 0.2

/** A question, mostly with something of the asker's own: a passage, a piece of a log, some code. */
export function question(library: Library, random: Random): string {
  const asked = pickQuestion(library, random)
  if (random.chance(UNCHANGED_SHARE)) return asked
  const about = excerpt(passage(library, random), random)
  return random.chance(0.5) ? `${asked}\n\n${about}` : `${about}\n\n${asked}`
}

/** Something to work on, without a question. */
export function passage(library: Library, random: Random): string {
  const source = random.unit()
  if (source < 0.2) return random.pick(library.agentTexts).input
  if (source < 0.45) return random.pick(etlRows(library, random))
  if (source < 0.6) return random.pick(library.gsm8k).question
  if (source < 0.75) return random.pick(library.math)
  if (source < 0.85) return random.pick(library.humanEval).prompt
  return random.pick(library.personas)
}

/** Rows of one template. */
export function etlRows(library: Library, random: Random): readonly string[] {
  return library.etl.get(random.pick(templateNames(library)))!
}

const names = new WeakMap<Library, readonly string[]>()

export function templateNames(library: Library): readonly string[] {
  const known = names.get(library) ?? [...library.etl.keys()]
  names.set(library, known)
  return known
}

/** Some consecutive words. */
export function excerpt(text: string, random: Random): string {
  const length = Math.round(random.between(EXCERPT_WORDS.from, EXCERPT_WORDS.to))
  const start = random.int(Math.max(1, text.length - length * 6))
  const cut = text.slice(start, start + length * 7)
  const from = start === 0 ? 0 : cut.indexOf(' ') + 1
  return cut.slice(from).trim()
}

/** What a model may have answered, of two pieces as often as not. */
export function answer(library: Library, random: Random): string {
  const first = pickAnswer(library, random)
  return random.chance(0.5) ? first : `${excerpt(first, random)}\n\n${excerpt(pickAnswer(library, random), random)}`
}
