import type { Library } from '../../sample/library.ts'
import { agentRun, conversation, pickSystem } from '../../sample/prompts.ts'
import type { Random } from '../../sample/random.ts'
import { hexId } from '../../traces/ids.ts'
import { pickHabits } from '../habits.ts'
import { answer, question } from '../texts.ts'
import type { Objective } from '../wrappers/wrapper.ts'
import type { Session } from './session.ts'

/** Customers who come back to a conversation after a meal or a meeting: that is when it outlives the relay's session. */
const BREAK_SHARE = 0.25
const BREAK_MS = [30 * 60_000, 5 * 3_600_000] as const
/** Of the longest sessions of the traces. */
const TURNS_MAX = 12

/** Calls that a session has on average. */
export interface MeanTurns {
  readonly conversation: number
  readonly agent: number
}

export function meanTurns({ chatSessions, agentSessions }: Library): MeanTurns {
  const mean = (sessions: readonly (readonly unknown[])[]) =>
    sessions.reduce((sum, session) => sum + Math.min(TURNS_MAX, session.length), 0) / sessions.length
  return { conversation: mean(chatSessions), agent: mean(agentSessions) }
}

/** A conversation of one of the relay's own users: real gaps and sizes, heterogeneous text. */
export function drawConversation(
  library: Library,
  model: string,
  objective: (turn: number) => Objective | null,
  random: Random,
): Session {
  const customer = `customer-${random.int(2 ** 31)}`
  const turns = withBreak(random.pick(library.chatSessions).slice(0, TURNS_MAX), random)
  const content = conversation(library, turns.length, pickSystem(library, ownerOf(customer), random), random, {
    question,
    answer,
  })
  return { key: customer, model, params: pickHabits('chat', random), turns, content, objective }
}

/** A user's coding or research agent at work. */
export function drawAgentSession(
  library: Library,
  model: string,
  objective: (turn: number) => Objective | null,
  random: Random,
): Session {
  const customer = `agent-${random.int(2 ** 31)}`
  const turns = withBreak(random.pick(library.agentSessions).slice(0, TURNS_MAX), random)
  const content = agentRun(library, pickSystem(library, ownerOf(customer), random), random)
  return { key: customer, model, params: pickHabits('agent', random), turns, content, objective }
}

function withBreak(calls: Library['chatSessions'][number], random: Random): Session['turns'] {
  const pausesAt = calls.length > 1 && random.chance(BREAK_SHARE) ? 1 + random.int(calls.length - 1) : calls.length
  const break_ms = Math.round(random.between(...BREAK_MS))
  return calls.map(({ offset_ms, input_tokens, output_tokens }, turn) => ({
    offset_ms: offset_ms + (turn >= pausesAt ? break_ms : 0),
    size: { input_tokens, output_tokens },
  }))
}

/** The sample's own instructions carry a name that is cut from an organisation's id. */
const ownerOf = (customer: string): string => `org-${hexId(10, customer)}`
