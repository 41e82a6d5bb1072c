import type { LettersSource } from '../../kafka/letter-reader.ts'
import type { LetterFilter } from '../../letters/letter-filter.ts'
import type { CliContext } from '../command.ts'

/** What the command line says; each action takes some of it. */
export interface DeadLettersOptions {
  readonly reason?: string
  readonly stage?: string
  readonly source?: string
  readonly since?: string
  readonly limit?: number
  readonly raw?: string
  readonly dryRun?: boolean
  readonly again?: boolean
  readonly acceptLate?: boolean
}

/** What an action was asked for, checked. */
export interface LettersRequest {
  readonly options: DeadLettersOptions
  readonly filter: LetterFilter
  /** Offsets of single letters. */
  readonly offsets: readonly number[]
}

/** One action of `hydrawatch dead-letters`. */
export type LettersAction = (
  context: CliContext,
  source: LettersSource & { readonly partitions: number },
  request: LettersRequest,
) => Promise<void>
