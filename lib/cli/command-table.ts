import type { CliCommand } from './command.ts'

/** A command as the table knows it: enough for `--help`; the rest is loaded when it is used. */
export interface CommandEntry {
  readonly name: string
  /** One line, lower case, no full stop. */
  readonly summary: string
  readonly load: () => Promise<CliCommand>
}

/**
 * All commands, in the order of `--help`. To add one, write `commands/<name>.ts` that exports a `CliCommand` (see
 * `commands/config.ts`) and add its line here. The import stays inside `load`: kafkajs and the pipeline are
 * not for somebody who asks for help.
 */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'replay',
    summary: 'run the whole pipeline offline over files and write the alerts',
    load: async () => (await import('./commands/replay.ts')).replay,
  },
  {
    name: 'config',
    summary: 'print the settings in force, or the table of all settings',
    load: async () => (await import('./commands/config.ts')).config,
  },
]
