import TinyQueue from 'tinyqueue'
import { type Actor, type Answer, type Call, isPause, type Pause } from './actor.ts'

/** Somebody's next moment: an actor that is woken, or one of its calls that arrives. */
interface Turn {
  readonly at_ms: number
  /** Order of scheduling: turns of one moment are taken in it, so that a run depends on the seed alone. */
  readonly tie: number
  readonly actor: Actor
  readonly call: Call | null
  readonly answer: Answer
}

export interface Scheduler {
  /** Actors that live. */
  readonly actors: number
  spawn(actor: Actor, at_ms: number): void
  /** The moment of the next turn; infinite when nobody lives. */
  next_ms(): number
  /** Takes the next turn. */
  step(): void
}

const NO_ANSWER: Answer = { status: 0, end_ms: 0, signatures: [] }

/**
 * A discrete-event simulation. Actors sleep until their next moment; a call is answered by `answer` as it arrives, in the
 * order of arrivals over all actors, and its actor goes on when the response ends.
 */
export function createScheduler(answer: (call: Call, at_ms: number) => Answer): Scheduler {
  const turns = new TinyQueue<Turn>([], (a, b) => a.at_ms - b.at_ms || a.tie - b.tie)
  let ties = 0

  const schedule = (actor: Actor, at_ms: number, call: Call | null, given: Answer): void =>
    turns.push({ at_ms, tie: ties++, actor, call, answer: given })

  const resume = (actor: Actor, now_ms: number, given: Answer): void => {
    const { done, value } = actor.next(given) as IteratorResult<Call | Pause, void>
    if (done || value === undefined) return
    if (isPause(value)) schedule(actor, Math.max(now_ms, value.until_ms), null, NO_ANSWER)
    else schedule(actor, Math.max(now_ms, Math.round(value.at_ms)), value, NO_ANSWER)
  }

  return {
    get actors() {
      return turns.length
    },
    spawn: (actor, at_ms) => schedule(actor, at_ms, null, NO_ANSWER),
    next_ms: () => turns.peek()?.at_ms ?? Number.POSITIVE_INFINITY,
    step() {
      const turn = turns.pop()
      if (turn === undefined) return
      const { actor, at_ms, call } = turn
      if (call === null) return resume(actor, at_ms, turn.answer)
      const given = answer(call, at_ms)
      schedule(actor, Math.max(at_ms, given.end_ms), null, given)
    },
  }
}
