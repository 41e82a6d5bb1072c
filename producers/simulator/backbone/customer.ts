import type { Kind } from '../../sample/prompts.ts'
import type { Random } from '../../sample/random.ts'
import type { Account } from '../account.ts'
import type { Params } from '../actor.ts'
import type { Pace } from '../pace/pace.ts'
import type { Stage } from '../stage.ts'

/** An ordinary account and its ways. */
export interface Customer {
  readonly account: Account
  readonly kind: Kind
  readonly random: Random
  readonly params: Params
  readonly system: string | undefined
  /** Text of one's own that surrounds the input of every call; null for those who send what they have. */
  readonly template: Template | null
  readonly pace: Pace
  /** Calls of a program, or sessions of a person or an agent. */
  readonly perDay: number
  readonly offset_h: number
  /** The model of choice, and whether the new one replaces it when it comes. */
  readonly model: string
  readonly followsRelease: boolean
}

export interface Template {
  readonly before: string
  readonly after: string
}

const HOUR_MS = 3_600_000
const OTHER_MODEL_SHARE = 0.06

/** Days after the release at which an account that changes does so; a tenth of them try it on the first day. */
export function adoptionTime(stage: Stage, random: Random): number {
  return stage.world.release.at_ms + 24 * HOUR_MS * 3 * random.weibull(0.9)
}

export function modelAt(stage: Stage, { model, random }: Customer, adopts_ms: number, at_ms: number): string {
  if (at_ms >= adopts_ms) return stage.world.release.model
  return random.chance(OTHER_MODEL_SHARE) ? stage.world.model(random, at_ms) : model
}
