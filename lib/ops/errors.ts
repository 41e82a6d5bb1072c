/**
 * Base of every error that Hydrawatch raises on purpose. `code` is what callers branch on; the message names the
 * thing, its value and the next step. Errors that do not extend this class are programming errors: the process exits.
 */
export abstract class HydrawatchError extends Error {
  abstract readonly code: string
  override get name(): string {
    return this.constructor.name
  }
}

/** The command line or the configuration is wrong. Exit status 2. */
export class UsageError extends HydrawatchError {
  readonly code: string = 'E_USAGE'
}

/** Something outside did not answer within its limit: a broker, a registry. Exit status 1; the platform restarts us. */
export class UnavailableError extends HydrawatchError {
  readonly code: string = 'E_UNAVAILABLE'
}

/** A broken promise of our own code. The process exits at once rather than continue on wrong state. */
export class InvariantViolated extends HydrawatchError {
  readonly code: string = 'E_INVARIANT'
}

/** State was written in a form that this version does not read. The message says what to do. */
export class StateFormUnknown extends HydrawatchError {
  readonly code = 'E_STATE_FORM'
}
