import { Command, CommanderError } from 'commander'
import { HydrawatchError, InvariantViolated, UsageError } from '../ops/errors.ts'
import { packageVersion } from '../ops/package-info.ts'
import { type CommandEntry, commandTable } from './command-table.ts'
import type { GlobalOptions } from './context.ts'
import { BrokenPipe, Interrupted, watchInterruptions } from './interruption.ts'
import type { CliIo } from './io.ts'

const DONE = 0
const FAILED = 1
const WRONG_USAGE = 2

/** Runs one command line, without the program's name. Resolves to the exit status: 0 done, 1 failed, 2 wrong usage. */
export async function runCli(
  argv: readonly string[],
  io: CliIo,
  table: readonly CommandEntry[] = commandTable,
): Promise<number> {
  const interruption = watchInterruptions(io)
  try {
    const program = newProgram(io).version(packageVersion())
    const selected = selectedName(argv, io)
    for (const entry of table) {
      const command = program.command(entry.name).description(entry.summary)
      if (entry.name === selected) await prepare(command, entry, io, interruption.signal)
    }
    await program.parseAsync([...argv], { from: 'user' })
    await flushed(io.stdout)
    interruption.throwIfOutputFailed()
    return DONE
  } catch (error) {
    return report(interruption.causeOf(error), io)
  } finally {
    interruption.stop()
  }
}

function newProgram(io: CliIo): Command {
  return new Command('hydrawatch')
    .description('Finds distillation campaigns on the API traffic of a language model.')
    .option('--config <file>', 'settings, as YAML; `hydrawatch config --markdown` lists them')
    .option('--set <name=value>', 'one setting, such as hops.length_ms=1000; repeatable', appended)
    .option('--quiet', 'no progress on standard error')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(usageLine(text)),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
}

/** Which command is meant, before the program is complete: only that one is loaded. */
function selectedName(argv: readonly string[], io: CliIo): string | undefined {
  const [first, second] = newProgram(io).parseOptions([...argv]).operands
  return first === 'help' ? second : first
}

async function prepare(command: Command, entry: CommandEntry, io: CliIo, signal: AbortSignal): Promise<void> {
  const [implementation, { createContext }] = await Promise.all([entry.load(), import('./context.ts')])
  implementation.configure(command)
  command.action(async () => {
    const options = command.opts<{ json?: boolean }>()
    const globals = command.parent?.opts<GlobalOptions>() ?? {}
    const context = createContext(io, signal, globals, options.json === true)
    try {
      await implementation.run(context, options, command.args)
    } finally {
      context.out.endProgress()
    }
  })
}

function report(error: unknown, io: CliIo): number {
  // commander has already printed its help or its complaint.
  if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USAGE
  if (error instanceof BrokenPipe) return DONE
  const expected = error instanceof HydrawatchError && !(error instanceof InvariantViolated)
  if (expected || error instanceof Interrupted) {
    for (const line of error.message.split('\n')) io.stderr.write(`hydrawatch: ${line}\n`)
    return error instanceof UsageError ? WRONG_USAGE : FAILED
  }
  io.stderr.write(`hydrawatch: ${error instanceof Error ? error.stack : String(error)}\n`)
  return FAILED
}

/** commander writes "error: …" and the suggestion on a line of its own; ours is one line that says who speaks. */
function usageLine(text: string): string {
  return `hydrawatch: ${text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')}; see \`hydrawatch --help\`\n`
}

function appended(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}

/** A reader that went away is noticed by the write; so the last one is waited for. */
function flushed(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve())
  })
}
