import { loadConfig } from '../ops/config.ts'
import { createLog, type Log } from '../ops/log.ts'
import type { CliContext } from './command.ts'
import type { CliIo } from './io.ts'
import { createOutput } from './output.ts'
import { applySetOptions } from './set-option.ts'
import { type Config, settingsSchema } from './settings-schema.ts'

export interface GlobalOptions {
  readonly config?: string
  readonly set?: readonly string[]
  readonly quiet?: boolean
}

/** Everything a command works with, made from the streams of the process and the global options. */
export function createContext(io: CliIo, signal: AbortSignal, options: GlobalOptions, json: boolean): CliContext {
  const { stdin, stdout, stderr, env } = io
  const out = createOutput({ stdout, stderr, env, json, quiet: options.quiet === true })
  const config = (flags: object = {}): Config =>
    loadConfig(settingsSchema, { file: options.config, env, flags: applySetOptions(options.set ?? [], { ...flags }) })
  let log: Log | undefined
  return {
    config,
    out,
    get log() {
      log ??= createLog({ level: config().log.level, stream: out.lines, env })
      return log
    },
    signal,
    stdin,
    stdout,
    stderr,
    env,
  }
}
