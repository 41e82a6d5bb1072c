import { agentRun as steps } from '../../sample/prompts.ts'
import type { Actor } from '../actor.ts'
import { sessionId } from '../ids.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import { callWithRetry } from '../sdk.ts'
import type { Stage } from '../stage.ts'
import { excerpt, passage, question } from '../texts.ts'
import { adoptionTime, type Customer, modelAt } from './customer.ts'
import { createDoor, type Door } from './door.ts'

const SIGNATURES_MAX = 6

/** Agents at work: runs start at the account's pace, each a session of its own with the tool latencies of a real one. */
export function* agents(stage: Stage, customer: Customer, from_ms: number): Actor {
  const { random, pace, perDay, offset_h } = customer
  const adopts_ms = customer.followsRelease ? adoptionTime(stage, random) : Number.POSITIVE_INFINITY
  const door = createDoor()
  const window = { ...stage.window, start_ms: from_ms }
  for (const at_ms of arrivalTimes(pace, perDay, window, offset_h, random)) {
    yield { until_ms: at_ms }
    if (door.isGivenUp) return
    if (door.isClosed(at_ms)) continue
    stage.spawn(agentRun(stage, customer, adopts_ms, at_ms, undefined, door), at_ms)
  }
}

/** One task from its first call to its last. */
export function* agentRun(
  stage: Stage,
  customer: Customer,
  adopts_ms: number,
  start_ms: number,
  address = customer.random.int(customer.account.addresses.length),
  door: Door = createDoor(),
): Actor {
  const { library } = stage
  const { account, random, params, system } = customer
  const session_id = sessionId(random)
  const task = random.chance(0.4)
    ? question(library, random)
    : `${random.pick(library.functionCalls).prompt}\n\n${excerpt(passage(library, random), random)}`
  const content = steps(library, system, random, task)
  let signatures: string[] = []
  let end_ms = start_ms
  for (const [turn, { offset_ms, input_tokens, output_tokens }] of random.pick(library.agentSessions).entries()) {
    const at_ms = Math.max(start_ms + offset_ms, end_ms + 50)
    if (at_ms > stage.window.end_ms) return
    const reply = yield* callWithRetry(random, {
      account,
      at_ms,
      address,
      model: modelAt(stage, customer, adopts_ms, at_ms),
      params,
      size: { input_tokens, output_tokens, cache_read_tokens: turn > 0 ? input_tokens * 0.8 : 0 },
      session_id,
      signatures,
      content: () => content(turn),
    })
    if (reply.status === 403) return door.rejected(reply.end_ms)
    end_ms = reply.end_ms
    signatures = [...signatures, ...reply.signatures].slice(-SIGNATURES_MAX)
  }
}
