import type { Account } from '../account.ts'
import type { Actor, Params, Size } from '../actor.ts'
import { workingPaces } from '../pace/pace.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import { soleCall } from '../sdk.ts'
import type { Stage } from '../stage.ts'
import { answer, question } from '../texts.ts'
import { atTimes } from './cast.ts'

interface Work {
  readonly perDay: number
  readonly model: string
  readonly params: Params
  /** Default: questions. */
  readonly input?: () => string
  /** Default: of a program's call. */
  readonly size?: () => Size
}

/** One account's stream of varied inputs that all carry the same instruction. */
export function wrappedWork(
  stage: Stage,
  account: Account,
  instruction: { readonly before: string; readonly after: string },
  { perDay, model, params, input, size }: Work,
): Actor {
  const { random, library, window } = stage
  // Programs that work most hours of the day, as a service does.
  const pace = random.pick(workingPaces())
  const shortSize = () => random.pick(library.apiSizes)
  return atTimes(stage, arrivalTimes(pace, perDay, window, 0, random), (at_ms) => {
    const text = `${instruction.before}${input?.() ?? question(library, random)}${instruction.after}`
    const output = answer(library, random)
    const content = () => ({ messages: [{ role: 'user', content: text }], output })
    return soleCall(random, { account, at_ms, model, params, size: (size ?? shortSize)(), content })
  })
}
