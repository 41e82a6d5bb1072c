import type { Size as TokenCounts } from '../sample/library.ts'
import type { TraceMessage } from '../traces/format.ts'
import type { Account } from './account.ts'

export interface Content {
  system?: string
  messages: TraceMessage[]
  output: string
}

/** CONTRACT's `params`. */
export interface Params {
  stream?: boolean
  seed?: number
  response_format?: string
  tool_set_hash?: string
  max_tokens?: number
  temperature?: number
  top_p?: number
  choice_count?: number
  top_logprobs?: number
  logit_bias_ids?: number[]
  tools_count?: number
  images_count?: number
  reasoning?: 'off' | 'on' | 'summarised'
}

/** Tokens that the trace says; the text that stands in for them may be shorter. */
export interface Size extends TokenCounts {
  cache_read_tokens?: number
}

/** One API call that an actor makes. `content` is a function: text is put together when the call is written. */
export interface Call {
  readonly account: Account
  /** When it arrives; one that lies before the actor's present counts as now. */
  readonly at_ms: number
  readonly model: string
  readonly params: Params
  readonly size: Size
  readonly content: () => Content
  readonly session_id?: string
  readonly end_user_id?: string
  /** Default `chat`. */
  readonly operation?: string
  /** The model declines: short output, `refused`. */
  readonly refused?: boolean
  /** Reasoning signatures that come with the request. */
  readonly signatures?: readonly string[]
  /** Index into the account's addresses, when the caller chooses; default one at random. */
  readonly address?: number
  /** The provider is in trouble by itself: 429, 500, 529 and so on instead of an answer. */
  readonly trouble?: number
}

/** What the actor sees of its call. */
export interface Answer {
  readonly status: number
  readonly end_ms: number
  /** Reasoning signatures that were emitted. */
  readonly signatures: readonly string[]
}

/** Nothing until then. */
export interface Pause {
  readonly until_ms: number
}

/**
 * A process of the simulation, in the manner of SimPy: it yields a call and gets the answer, or yields a pause and is woken. Between
 * two yields no time passes. Everything that acts in time is one: a person at a chat, an agent, a relay with its pool.
 */
export type Actor = Generator<Call | Pause, void, Answer>

export const isPause = (step: Call | Pause): step is Pause => 'until_ms' in step
