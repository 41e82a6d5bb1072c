import type { Readable } from 'node:stream'
import { type Command, Option } from 'commander'
import { HydrawatchError } from '../ops/errors.ts'
import type { Log } from '../ops/log.ts'
import type { TerminalStream } from '../ops/terminal.ts'
import type { Output } from './output.ts'
import type { Config } from './settings-schema.ts'

/** What a command is given instead of the globals of the process. */
export interface CliContext {
  /**
   * The settings in force. `flags` are those that the command has an option of its own for; `--set` beats them.
   *
   * @throws ConfigError
   */
  config(flags?: SettingFlags): Config
  readonly out: Output
  /** To standard error, at the configured level. First use reads the configuration. */
  readonly log: Log
  /** Aborted by SIGINT, SIGTERM or a reader of standard output that went away. Finish or abandon the work, then return. */
  readonly signal: AbortSignal
  readonly stdin: Readable
  readonly stdout: NodeJS.WritableStream & TerminalStream
  readonly stderr: NodeJS.WritableStream & TerminalStream
  readonly env: NodeJS.ProcessEnv
}

/** Part of a configuration; an undefined member is an option that was not given. */
export type SettingFlags = { readonly [Section in keyof Config]?: Partial<Config[Section]> }

/**
 * One command, in a file of its own under `commands/`. `Options` is the shape of what `configure` declares. Its name and
 * summary stand in the command table, so that `--help` need not load it.
 */
export interface CliCommand<Options extends object = object> {
  /** Declares arguments and options on a command that already has its name and summary. */
  configure(command: Command): void
  /**
   * Does the work and closes what it opened. Returning is exit status 0. A UsageError is 2; every other HydrawatchError
   * is its message and 1; anything else is a stack and 1. After `signal` has aborted, return when the work came to a
   * proper end (a consumer that left its group) and throw `signal.reason` when it did not (half a file read).
   */
  run(context: CliContext, options: Options, args: readonly string[]): Promise<void>
}

/** For a command that did its work and found that the answer is no: checks that fail, a campaign that was missed. */
export class CommandFailed extends HydrawatchError {
  readonly code = 'E_FAILED'
}

/** `--json`, for every command that prints results. `context.out` obeys it by itself. */
export function jsonOption(): Option {
  return new Option('--json', 'print results as JSON, one object per line')
}
