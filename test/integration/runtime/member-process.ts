import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { waitFor } from '../../helpers/wait-for.ts'
import type { MemberArguments, MemberLine } from './member.ts'

export interface MemberProcess {
  readonly lines: readonly MemberLine[]
  /** Committed hops, in the order in which they were reported. */
  hops(): { task: number; hop: number }[]
  logged(message: string): boolean
  readonly isRunning: boolean
  /** Resolves with the exit status, or the signal that ended it. */
  readonly exited: Promise<number | string>
  signal(signal: NodeJS.Signals): void
  /** Lets it go on that has stopped or blocked itself. */
  resume(): void
  /** Asks it to leave its group, and resolves with its exit status. */
  stop(): Promise<number | string>
}

/** Starts a member of the counting stage in a process of its own. */
export function startMember(
  { broker, registryUrl, prefix }: Pick<MemberArguments, 'broker' | 'registryUrl' | 'prefix'>,
  partitions: number,
  options: Pick<MemberArguments, 'sessionTimeout_ms' | 'groupInstanceId' | 'fault'> = {},
): MemberProcess {
  const args: MemberArguments = { broker, registryUrl, prefix, partitions, ...options }
  return spawnMember('member', args)
}

/** Starts a file of ours, named as seen from here, that takes its arguments as JSON and prints as a member does. */
export function spawnMember(name: string, args: object): MemberProcess {
  const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))
  // Tests run from source, benchmarks from what was built.
  const isBuilt = import.meta.url.endsWith('.js')
  const program = isBuilt ? [file(`${name}.js`)] : ['--import', file('typescript-loader.mjs'), file(`${name}.ts`)]
  const child = spawn(process.execPath, [...program, JSON.stringify(args)], {
    // The fourth is what `fault.ts` waits on.
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  })
  const [stdin, stdout, , resumes] = child.stdio as [Writable, Readable, null, Writable, ...unknown[]]
  let isRunning = true
  const exited = new Promise<number | string>((resolve) =>
    child.once('exit', (status, signal) => {
      isRunning = false
      resolve(status ?? signal ?? 'unknown')
    }),
  )
  const lines: MemberLine[] = []
  let rest = ''
  stdout.setEncoding('utf8').on('data', (text: string) => {
    const whole = (rest + text).split('\n')
    rest = whole.pop() ?? ''
    lines.push(...whole.map((line) => JSON.parse(line)))
  })
  for (const pipe of [stdin, resumes]) pipe.on('error', () => undefined)
  return {
    lines,
    hops: () => lines.flatMap((line) => (line.kind === 'hop' ? [{ task: line.task, hop: line.hop }] : [])),
    logged: (message) => lines.some((line) => line.kind === 'log' && line.message === message),
    get isRunning() {
      return isRunning
    },
    exited,
    signal: (signal) => void child.kill(signal),
    resume() {
      resumes.write('\n')
      child.kill('SIGCONT')
    },
    async stop() {
      stdin.write('stop\n')
      return exited
    },
  }
}

/** Resolves when the member has met its fault. */
export async function metFault(member: MemberProcess): Promise<void> {
  await waitFor('a member to meet its fault', () => member.lines.some(({ kind }) => kind === 'fault'), 60_000)
}
