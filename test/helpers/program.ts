import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))

/** Whether there is a program to start. Says on standard error when there is none. */
export function isBuilt(): boolean {
  const built = existsSync(path('dist/lib/cli/main.js'))
  if (!built) process.stderr.write('skipped: dist/ is missing; run `npm run build`\n')
  return built
}

/** The program as a process of its own. */
export interface Program {
  readonly child: ChildProcess
  out(): string
  err(): string
  /** Status and signal of its end. */
  readonly exit: Promise<[status: number | null, signal: NodeJS.Signals | null]>
}

export interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv
  /** Of `bin/hydrawatch.js`. @default this repository */
  readonly folder?: string
  /** User and group to run as; needs root. */
  readonly user?: number
}

/** Starts `bin/hydrawatch.js` with nothing of our environment but PATH. */
export function startProgram(argv: readonly string[], { env, folder = path(''), user }: ProgramOptions = {}): Program {
  const child = spawn(process.execPath, [`${folder}/bin/hydrawatch.js`, ...argv], {
    env: { PATH: process.env.PATH, ...env },
    ...(user === undefined ? {} : { uid: user, gid: user, cwd: '/' }),
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString()
  })
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  return { child, out: () => said.out, err: () => said.err, exit }
}

/** Sends SIGTERM and waits for the end. */
export function terminate({ child, exit }: Program): Program['exit'] {
  child.kill('SIGTERM')
  return exit
}

/** How often it wrote a log line. */
export function said({ err }: Program, message: string): number {
  return err().split(`"msg":"${message}"`).length - 1
}
