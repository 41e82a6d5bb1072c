import type { Library } from '../sample/library.ts'
import type { Random } from '../sample/random.ts'
import type { Account } from './account.ts'
import type { Actor } from './actor.ts'
import type { World } from './world.ts'

/** The stretch of event time of a simulation. */
export interface Window {
  readonly start_ms: number
  readonly end_ms: number
}

/** What a scenario can do. Everything random comes from `random`, its own stream. */
export interface Stage {
  readonly window: Window
  readonly random: Random
  readonly library: Library
  /** What is shared by unrelated accounts: networks, clients and their releases, frameworks' prompts, cards, models. */
  readonly world: World
  /**
   * Lets an account exist: its record is written at `at_ms`, or at the start of the window if it was created before. Its label
   * is written at the end.
   */
  register(account: Account, at_ms?: number): void
  /** Lets an actor live from `at_ms`; default: from the start of the window. Actors may spawn others while they run. */
  spawn(actor: Actor, at_ms?: number): void
  /** The provider bans an account for reasons of its own: an outcome is written, and it gets 403 from then on. */
  ban(account: Account, at_ms: number, reason: string): void
}

/** How one instance of a scenario is to be. */
export interface ScenarioSettings {
  /** `M4-02`: campaign id of a malicious one, instance of a hard negative. */
  readonly instance: string
  readonly accounts: number
  readonly rate: number
  /** Evasion level; 0 for hard negatives. */
  readonly level: 0 | 1 | 2 | 3
}

/** A family of campaigns or of honest customers who look like one: `producers/simulator/scenarios/<name>.ts`, one a file. */
export interface Scenario {
  /** `M1` to `M11`, `H1` to `H14`. */
  readonly name: string
  /** One line, for `--help` and the report. */
  readonly summary: string
  readonly label: 'benign' | 'malicious'
  /** Accounts and days of the real one, or of the plan for it, with its source. */
  readonly accounts: number
  /** Accounts of an instance in a small run: the fewest with which it is still itself. */
  readonly accounts_min: number
  run(stage: Stage, settings: ScenarioSettings): void
}
