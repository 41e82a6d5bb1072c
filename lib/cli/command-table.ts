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
    name: 'demo',
    summary: 'run the whole pipeline over sample traffic and compare its alerts with the truth',
    load: async () => (await import('./commands/demo.ts')).demo,
  },
  {
    name: 'start',
    summary: 'the same, and keep it running for what you produce into it',
    load: async () => (await import('./commands/start.ts')).start,
  },
  {
    name: 'replay',
    summary: 'run the whole pipeline offline over files and write the alerts',
    load: async () => (await import('./commands/replay.ts')).replay,
  },
  {
    name: 'simulate',
    summary: 'write labelled traffic of ordinary customers, campaigns and those who look like one',
    load: async () => (await import('./commands/simulate.ts')).simulate,
  },
  {
    name: 'evaluate',
    summary: 'score alerts or the whole pipeline against labels, over files or simulated traffic',
    load: async () => (await import('./commands/evaluate.ts')).evaluate,
  },
  {
    name: 'run',
    summary: 'run long-lived consumers on Kafka',
    load: async () => (await import('./commands/run.ts')).run,
  },
  {
    name: 'produce',
    summary: 'write logs into Kafka, sketched on the way',
    load: async () => (await import('./commands/produce.ts')).produce,
  },
  {
    name: 'broker',
    summary: 'run the embedded broker and schema registry by themselves',
    load: async () => (await import('./commands/broker.ts')).broker,
  },
  {
    name: 'topics',
    summary: 'create the topics and register the schemas',
    load: async () => (await import('./commands/topics.ts')).topics,
  },
  {
    name: 'doctor',
    summary: 'check settings, keys, broker, registry and topics',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'lag',
    summary: 'show how far each consumer is behind',
    load: async () => (await import('./commands/lag.ts')).lag,
  },
  {
    name: 'dead-letters',
    summary: 'list, show and replay input that could not be used',
    load: async () => (await import('./commands/dead-letters.ts')).deadLetters,
  },
  {
    name: 'erase',
    summary: 'forget accounts, everywhere',
    load: async () => (await import('./commands/erase.ts')).erase,
  },
  {
    name: 'leak-audit',
    summary: 'look for raw fields that give the campaigns of labelled traffic away',
    load: async () => (await import('./commands/leak-audit.ts')).leakAudit,
  },
  {
    name: 'config',
    summary: 'print the settings in force, or the table of all settings',
    load: async () => (await import('./commands/config.ts')).config,
  },
]
