import type { Content, Params, Size } from '../actor.ts'
import type { Objective } from '../wrappers/wrapper.ts'

/** What a relay is asked for: one call, or the turns of a conversation or of an agent's run. */
export interface Session {
  /** Named to the provider, and what sticks to an account; undefined for a call by itself. */
  readonly key: string | undefined
  readonly model: string
  readonly params: Params
  /** `offset_ms` from the first turn. */
  readonly turns: readonly { readonly offset_ms: number; readonly size: Size }[]
  /** The conversation up to a turn, as the customer sends it, and the plain answer. */
  content(turn: number): Content
  /** What the relay adds an instruction for; null: it passes the turn on as it is. */
  objective(turn: number): Objective | null
  /** Reasoning signatures, from wherever they are, that come with every turn. */
  readonly signatures?: readonly string[]
  /** The model declines. */
  readonly refused?: boolean
}
