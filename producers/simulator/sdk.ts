import type { Random } from '../sample/random.ts'
import type { Actor, Answer, Call, Pause } from './actor.ts'

const RETRIES_MAX = 2
const RETRIED: ReadonlySet<number> = new Set([429, 500, 504, 529])

/** One call as every SDK makes it: a failure that may pass is tried again by the same account after a growing pause. */
export function* callWithRetry(random: Random, call: Call): Generator<Call | Pause, Answer, Answer> {
  let answer = yield call
  for (let retry = 0; retry < RETRIES_MAX && RETRIED.has(answer.status); retry++) {
    const pause_ms = 1_000 * 2 ** retry * random.between(0.75, 2)
    answer = yield { ...call, at_ms: answer.end_ms + pause_ms, trouble: undefined }
  }
  return answer
}

/** The same as an actor of its own: for callers that don't wait for one answer before the next call. */
export function* soleCall(random: Random, call: Call): Actor {
  yield* callWithRetry(random, call)
}
