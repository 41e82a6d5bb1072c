import type { Label } from '../../lib/evaluation/label.ts'

/** Which scenario, how many times, and how. */
export interface ScenarioChoice {
  /** `M1` to `M11`, `H1` to `H14`. */
  readonly name: string
  /** Evasion level of a malicious scenario, 0 to 3. Default 1. */
  readonly level?: number
  /** How many independent ones. Default 1. */
  readonly instances?: number
  /** Accounts of one instance; default: as many as the scenario has, scaled to the size of the backbone. */
  readonly accounts?: number
  /** Multiplies the requests of each account. Default 1. */
  readonly rate?: number
}

export interface SimulationOptions {
  readonly seed: number
  readonly days: number
  /** Ordinary accounts of the backbone; may be 0. */
  readonly accounts: number
  /** Multiplies the requests of every account, the backbone's too. Default 1. */
  readonly rate?: number
  readonly scenarios: readonly ScenarioChoice[]
  /** Folder with more public traces and texts than the repository ships. */
  readonly dataFolder?: string
}

/** What the provider does about an account in a closed loop, from one moment to another. */
export interface Enforcement {
  readonly account_id: string
  /** `suspend` and `verify` turn requests away with 403 (a fraudulent account can't verify), `throttle` most of them with 429. */
  readonly action: 'throttle' | 'verify' | 'suspend'
  readonly from_ms: number
  readonly until_ms: number
}

/** Labelled traffic that is made while it is read, in memory that does not grow with its length. */
export interface Simulation {
  /** Input records of CONTRACT in the order of arrival. Can be read once. */
  readonly events: Iterable<object>
  /** One line per account; complete when the events have been read. */
  labels(): Iterable<Label>
  /** Closed loop: from now on the gateway obeys this, and those whom it turns away react. May be called between events. */
  enforce(enforcement: Enforcement): void
  /** What is in memory at this moment besides accounts: it follows the rate of the traffic, not its length. */
  held(): { readonly actors: number; readonly records: number }
}
