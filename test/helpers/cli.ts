import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { runCli } from '../../lib/cli/run-cli.ts'
import { type CapturedIo, capturedIo } from '../unit/cli/captured-io.ts'

export interface CliRun {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** Runs one command line in this process. */
export async function hydrawatch(
  argv: readonly string[],
  options: { env?: NodeJS.ProcessEnv; stdin?: string } = {},
): Promise<CliRun> {
  const io = capturedIo(options.env)
  const status = await runCli(argv, Object.assign(io, { stdin: Readable.from([Buffer.from(options.stdin ?? '')]) }))
  return { status, out: io.out(), err: io.err() }
}

/** A command that runs until it is told to stop. */
export interface RunningCli {
  readonly io: CapturedIo
  readonly status: Promise<number>
  /** Sends SIGTERM and waits for the exit status. */
  stop(): Promise<number>
}

export function startHydrawatch(argv: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCli {
  const io = capturedIo(env)
  const status = runCli(argv, io)
  return {
    io,
    status,
    stop: () => {
      io.emit('SIGTERM')
      return status
    },
  }
}

/** Lines of JSON that a command printed. */
export function jsonLines<Row = Record<string, unknown>>(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

/** A folder of its own for a test's files. */
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), 'hydrawatch-test-'))
  return {
    folder,
    path: (name: string) => join(folder, name),
    write(name: string, content: string | Buffer): string {
      const path = join(folder, name)
      writeFileSync(path, content)
      return path
    },
    read: (name: string) => readFileSync(join(folder, name), 'utf8'),
  }
}
