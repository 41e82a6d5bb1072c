import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { HydrawatchError, UsageError } from '../ops/errors.ts'

/** Names standard output on the command line. */
const STDOUT = '-'
const GZIP_SUFFIX = '.gz'
/** Fast rather than small. */
const GZIP_LEVEL = 3

/** A file that was opened for results can't take them all: a full disk, a lost mount. Exit status 1. */
export class OutputFailed extends HydrawatchError {
  readonly code = 'E_OUTPUT'
  readonly path: string

  constructor(path: string, cause: unknown) {
    super(`can't write ${path} (${reasonOf(cause)}); what is there is not complete`, { cause })
    this.path = path
  }
}

/** Lines of results on their way to a file or to standard output. */
export interface LineOutput {
  write(line: string): void
  /** Resolves when enough of it has left to write on. Rejects with OutputFailed. */
  drained(): Promise<void>
  /** Resolves when all of it has left. Rejects with OutputFailed. */
  close(): Promise<void>
}

/**
 * Opens what a path on the command line stands for: `stdout` for '-', else a file.
 *
 * @throws UsageError when the path can't be opened.
 */
export async function openLineOutput(path: string, stdout: NodeJS.WritableStream): Promise<LineOutput> {
  return path === STDOUT ? standardOutput(stdout) : openLineFile(path)
}

/**
 * Opens a file for lines, replacing what is there; gzipped when its name ends in `.gz`.
 *
 * @throws UsageError when the path can't be opened.
 */
export async function openLineFile(path: string): Promise<LineOutput> {
  const file = createWriteStream(path)
  await once(file, 'open').catch((error: unknown) => {
    throw new UsageError(`can't write ${path} (${reasonOf(error)}); check the folder and its permissions`)
  })
  // Kept for whoever awaits next: a disk that is full must fail the command, not the process.
  let failure: OutputFailed | null = null
  file.on('error', (error) => {
    failure ??= new OutputFailed(path, error)
  })
  const into = path.endsWith(GZIP_SUFFIX) ? createGzip({ level: GZIP_LEVEL }) : file
  if (into !== file) into.pipe(file)
  return {
    write: (line) => void into.write(`${line}\n`),
    async drained() {
      if (failure === null && into.writableNeedDrain) await drainedOrClosed(into, file)
      if (failure !== null) throw failure
    },
    async close() {
      into.end()
      await finished(file).catch((error: unknown) => {
        throw failure ?? new OutputFailed(path, error)
      })
    },
  }
}

/** A file that failed ends the wait, too: a compressor in front of it would never drain. */
async function drainedOrClosed(into: Writable, file: Writable): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  await Promise.race([once(into, 'drain', { signal }), once(file, 'close', { signal })]).catch(() => undefined)
  over.abort()
}

/**
 * Looks at the files of a command before one is opened: an output replaces what it is pointed at.
 *
 * @throws UsageError when an output is an input, or when two outputs are the same.
 */
export async function refuseSharedFiles(
  inputs: readonly string[],
  outputs: readonly { readonly option: string; readonly path: string }[],
): Promise<void> {
  const readBy = new Set((await Promise.all(inputs.map(fileId))).filter((id) => id !== null))
  const written = new Map<string, string>()
  for (const { option, path } of outputs) {
    const id = path === STDOUT ? STDOUT : ((await fileId(path)) ?? resolve(path))
    if (readBy.has(id)) throw new UsageError(`${option} ${path} is one of the inputs; give it a file of its own.`)
    const other = written.get(id)
    if (other !== undefined && !(await isDevice(path)))
      throw new UsageError(`${other} and ${option} both go to ${path}; give each a file of its own.`)
    written.set(id, option)
  }
}

/** Failures of standard output are watched by the one who runs the command. */
function standardOutput(stdout: NodeJS.WritableStream): LineOutput {
  let mustDrain = false
  return {
    write(line) {
      mustDrain = !stdout.write(`${line}\n`)
    },
    async drained() {
      if (mustDrain) await once(stdout, 'drain')
      mustDrain = false
    },
    close: async () => undefined,
  }
}

/** The same for every name of a file; null for what is not there. */
async function fileId(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null)
  return found === null ? null : `${found.dev}:${found.ino}`
}

async function isDevice(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isCharacterDevice() ?? false
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.message
}
