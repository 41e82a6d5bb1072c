import type { Actor } from '../actor.ts'
import { sessionId } from '../ids.ts'
import { callWithRetry } from '../sdk.ts'
import type { Stage } from '../stage.ts'
import { excerpt, passage, question } from '../texts.ts'
import { adoptionTime, type Customer, modelAt, PAUSE_AFTER_REJECTION_MS, REJECTIONS_MAX } from './customer.ts'
import { arrivalTimes } from './pace-clock.ts'

/** Steps that an agent still carries along, each cut down. */
const CARRIED_STEPS = 3
const CARRIED_CHARS = 500
const SIGNATURES_MAX = 6

/** Agents at work: runs start at the account's pace, each a session of its own with the tool latencies of a real one. */
export function* agents(stage: Stage, customer: Customer, from_ms: number): Actor {
  const { random, pace, perDay, offset_h } = customer
  const adopts_ms = customer.followsRelease ? adoptionTime(stage, random) : Number.POSITIVE_INFINITY
  const door = { rejections: 0, closed_until_ms: 0 }
  const window = { ...stage.window, start_ms: from_ms }
  for (const at_ms of arrivalTimes(pace, perDay, window, offset_h, random)) {
    yield { until_ms: at_ms }
    if (at_ms < door.closed_until_ms) continue
    if (door.rejections >= REJECTIONS_MAX) return
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
  door = { rejections: 0, closed_until_ms: 0 },
): Actor {
  const { library } = stage
  const { account, random, params, system } = customer
  const given = system === undefined ? {} : { system }
  const session_id = sessionId(random)
  const task = random.chance(0.4)
    ? question(library, random)
    : `${random.pick(library.functionCalls).prompt}\n\n${excerpt(passage(library, random), random)}`
  const first = random.int(library.agentTexts.length)
  const step = (index: number) => library.agentTexts[(first + index) % library.agentTexts.length]!
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
      content: () => ({
        ...given,
        messages: [
          { role: 'user', content: task },
          ...Array.from({ length: Math.min(turn, CARRIED_STEPS) }, (_, back) => step(turn - 1 - back))
            .reverse()
            .flatMap(({ input, output }) => [
              { role: 'assistant', content: output.slice(0, CARRIED_CHARS) },
              { role: 'tool', content: input.slice(-CARRIED_CHARS) },
            ]),
        ],
        output: step(turn).output,
      }),
    })
    if (reply.status === 403) {
      if (reply.end_ms < door.closed_until_ms) return
      door.rejections++
      door.closed_until_ms = reply.end_ms + PAUSE_AFTER_REJECTION_MS
      return
    }
    end_ms = reply.end_ms
    signatures = [...signatures, ...reply.signatures].slice(-SIGNATURES_MAX)
  }
}
