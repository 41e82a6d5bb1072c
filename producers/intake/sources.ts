import { constants, createReadStream } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { UsageError } from '../../lib/ops/errors.ts'
import { type GzipDamage, gunzip } from './gunzip.ts'

/** Names standard input on the command line. */
export const STDIN = '-'

const READ_BYTES = 256 * 1024

/**
 * Looks at every source before anything runs, so that a typing error in the fifth file costs no hour of work.
 * @throws UsageError naming the first path that is missing, a directory or not readable, or a second '-'.
 */
export async function checkSources(sources: readonly string[]): Promise<void> {
  for (const [index, source] of sources.entries()) {
    if (source !== STDIN) await checkFile(source)
    else if (sources.indexOf(STDIN) !== index) throw new UsageError("'-' is given twice; standard input is read once")
  }
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new UsageError(`${path}: no such file; check the path`)
    throw new UsageError(`${path}: cannot be opened (${error.code}); check its permissions`)
  })
  if (found.isDirectory()) throw new UsageError(`${path}: is a directory; name the files in it`)
  await access(path, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path}: cannot be read (${error.code}); check its permissions`)
  })
}

/** The bytes of a source, decompressed when they begin with the gzip magic number, whatever the name says. */
export async function* readSource(
  source: string,
  stdin: AsyncIterable<Buffer> = process.stdin,
): AsyncGenerator<Buffer | GzipDamage> {
  const bytes = source === STDIN ? stdin : createReadStream(source, { highWaterMark: READ_BYTES })
  yield* inflateIfGzip(bytes)
}

/** RFC 1952: a gzip member begins with 1f 8b. */
export async function* inflateIfGzip(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer | GzipDamage> {
  const chunks = bytes[Symbol.asyncIterator]()
  const rest: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => chunks }
  let head: Buffer = Buffer.alloc(0)
  try {
    // A pipe may deliver one byte at a time.
    while (head.length < 2) {
      const next = await chunks.next()
      if (next.done === true) break
      head = Buffer.concat([head, next.value])
    }
    const whole = prepend(head, rest)
    if (head[0] === 0x1f && head[1] === 0x8b) yield* gunzip(whole)
    else yield* whole
  } finally {
    await chunks.return?.()
  }
}

async function* prepend(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* rest
}
