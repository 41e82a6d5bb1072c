import { addAbortSignal } from 'node:stream'
import { type IntakeCounters, type IntakeItem, intake } from '../../producers/intake/intake.ts'
import { STDIN } from '../../producers/intake/sources.ts'
import { TRACE_FORMATS } from '../../producers/traces/index.ts'
import type { CliContext } from './command.ts'
import { sketchKeys } from './pipeline.ts'
import type { Config } from './settings-schema.ts'

export interface InputOptions {
  /** Name of a trace format; undefined for records of our own. */
  readonly format: string | undefined
  readonly counters: IntakeCounters
  /** The present in milliseconds, for records of now. */
  readonly clock?: () => number
}

/** What a command reads: its files, and standard input for '-', which ends with an AbortError on an interruption. */
export function openInput(
  { stdin, signal }: CliContext,
  config: Config,
  files: readonly string[],
  { format, counters, clock }: InputOptions,
): AsyncGenerator<IntakeItem[]> {
  const convert = format === undefined ? undefined : TRACE_FORMATS.get(format)?.convert
  // A pipe may stay silent for long, and nobody would look at the signal until something comes.
  if (files.includes(STDIN)) addAbortSignal(signal, stdin)
  return intake(files, { keys: sketchKeys(config), convert, counters, clock, stdin })
}
