import type { SessionCall } from '../../sample/library.ts'
import type { Actor, Answer, Call, Pause } from '../actor.ts'
import { sessionId } from '../ids.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import { callWithRetry } from '../sdk.ts'
import type { Stage } from '../stage.ts'
import { answer, question } from '../texts.ts'
import { adoptionTime, type Customer, modelAt } from './customer.ts'
import { createDoor } from './door.ts'

/** What a conversation carries along, and what a client resends of it. */
interface Conversation {
  readonly session_id: string
  readonly turns: { question: string; answer: string }[]
  signatures: string[]
}

const REFUSED_SHARE = 0.008
/** Signatures that clients send back: those of the latest turns. */
const SIGNATURES_MAX = 6
/** Turns that are sent again; older ones are summarised away by the client. */
const TURNS_MAX = 8
const RESUMED_SHARE = 0.12
const UPGRADE_SHARE = 0.04
const READING_MS = 2_000

/** Somebody who chats: conversations with the gaps, lengths and turns of real ones, some of them taken up again later. */
export function* person(stage: Stage, customer: Customer, from_ms: number): Actor {
  const { account, random, pace, perDay, offset_h } = customer
  const { library, window, world } = stage
  const adopts_ms = customer.followsRelease ? adoptionTime(stage, random) : Number.POSITIVE_INFINITY
  let last: Conversation | null = null
  const door = createDoor()
  let free_ms = from_ms
  for (const at_ms of arrivalTimes(pace, perDay, { ...window, start_ms: from_ms }, offset_h, random)) {
    if (door.isGivenUp) return
    if (at_ms < free_ms || door.isClosed(at_ms)) continue
    yield { until_ms: at_ms }
    if (random.chance(UPGRADE_SHARE)) account.client = world.upgraded(account.client, at_ms)
    const resumed: boolean = last !== null && random.chance(RESUMED_SHARE)
    const talk: Conversation = resumed ? last! : { session_id: sessionId(random), turns: [], signatures: [] }
    last = talk
    const address = random.int(account.addresses.length)
    const end = yield* conversation(stage, customer, talk, random.pick(library.chatSessions), at_ms, address, adopts_ms)
    free_ms = end.end_ms
    if (end.isRejected) door.rejected(end.end_ms)
  }
}

/** How a conversation ended. */
interface End {
  /** Of the last answer. */
  readonly end_ms: number
  readonly isRejected: boolean
}

function* conversation(
  stage: Stage,
  customer: Customer,
  talk: Conversation,
  script: readonly SessionCall[],
  start_ms: number,
  address: number,
  adopts_ms: number,
): Generator<Call | Pause, End, Answer> {
  const { account, random, params, system } = customer
  const given = system === undefined ? {} : { system }
  let end_ms = start_ms
  for (const { offset_ms, input_tokens, output_tokens } of script) {
    const at_ms = Math.max(start_ms + offset_ms, end_ms + READING_MS * random.logNormal(0.5))
    if (at_ms > stage.window.end_ms) break
    const turn = { question: question(stage.library, random), answer: answer(stage.library, random) }
    const before = talk.turns.slice(-TURNS_MAX)
    const reply = yield* callWithRetry(random, {
      account,
      at_ms,
      address,
      model: modelAt(stage, customer, adopts_ms, at_ms),
      params,
      size: { input_tokens, output_tokens, cache_read_tokens: before.length > 0 ? input_tokens * 0.7 : 0 },
      session_id: talk.session_id,
      signatures: talk.signatures,
      refused: random.chance(REFUSED_SHARE),
      content: () => ({
        ...given,
        messages: [
          ...before.flatMap((past) => [
            { role: 'user', content: past.question },
            { role: 'assistant', content: past.answer },
          ]),
          { role: 'user', content: turn.question },
        ],
        output: turn.answer,
      }),
    })
    end_ms = reply.end_ms
    if (reply.status === 403) return { end_ms, isRejected: true }
    if (reply.status !== 200) continue
    talk.turns.push(turn)
    if (talk.turns.length > TURNS_MAX) talk.turns.shift()
    talk.signatures = [...talk.signatures, ...reply.signatures].slice(-SIGNATURES_MAX)
  }
  return { end_ms, isRejected: false }
}
