import type { Random } from '../../sample/random.ts'
import { AGENTIC } from './agentic.ts'
import { CLEANING } from './cleaning.ts'
import { CODE } from './code.ts'
import { GRADING } from './grading.ts'
import { writeText } from './grammar.ts'
import { LOGPROBS } from './logprobs.ts'
import { REASONING } from './reasoning.ts'
import { REWRITING } from './rewriting.ts'
import { TASK_GENERATION } from './task-generation.ts'
import { VISION } from './vision.ts'
import type { Objective, Wrapper, WrapperFamily } from './wrapper.ts'

/** Families of extraction instructions by what they are after. A campaign that keeps to one family is a unit of the split. */
export const WRAPPER_FAMILIES: Readonly<Record<Objective, readonly WrapperFamily[]>> = {
  reasoning: REASONING,
  grading: GRADING,
  cleaning: CLEANING,
  task_generation: TASK_GENERATION,
  agentic: AGENTIC,
  code: CODE,
  vision: VISION,
  rewriting: REWRITING,
  logprobs: LOGPROBS,
}

/** A family of the objective; `quiet` ones only when asked for. */
export function pickFamily(objective: Objective, quiet: boolean, random: Random): WrapperFamily {
  return random.pick(WRAPPER_FAMILIES[objective].filter((family) => (family.quiet ?? false) === quiet))
}

/** One wording of a family. */
export function writeWrapper(objective: Objective, family: WrapperFamily, random: Random): Wrapper {
  const tag = family.tags === undefined ? '' : random.pick(family.tags)
  return {
    objective,
    family: family.name,
    text: writeText(family.sentences.join(' '), random, { tag }),
    output: (answer, outputRandom) => family.output(answer, tag, outputRandom),
  }
}
