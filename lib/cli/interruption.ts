import type { CliIo } from './io.ts'

/** Somebody pressed Ctrl-C, or the platform asked the process to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** The reader of standard output has gone (`hydrawatch lag | head -1`): it has what it wanted, which is no failure. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe'
}

export interface Interruption {
  readonly signal: AbortSignal
  /** Throws what went wrong with standard output (a full disk) unless its reader merely left. */
  throwIfOutputFailed(): void
  /** The interruption behind an error, where Node reported it in its own words (AbortError, EPIPE); else the error. */
  causeOf(error: unknown): unknown
  stop(): void
}

/**
 * Turns what may end a command early into one AbortSignal. The first SIGINT or SIGTERM asks; handlers are gone after it,
 * so that the second one kills, whatever the command is doing.
 */
export function watchInterruptions(io: CliIo): Interruption {
  const controller = new AbortController()
  let outputError: Error | undefined
  const onSigint = () => interrupt('SIGINT')
  const onSigterm = () => interrupt('SIGTERM')
  const stop = () => {
    io.off('SIGINT', onSigint)
    io.off('SIGTERM', onSigterm)
  }
  const interrupt = (name: string) => {
    stop()
    controller.abort(new Interrupted(`interrupted by ${name}`))
  }
  io.once('SIGINT', onSigint)
  io.once('SIGTERM', onSigterm)
  // Never taken off again: a write that fails after the command has returned must not become an uncaught error.
  io.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') outputError ??= error
    controller.abort(outputError ?? new BrokenPipe('the reader of standard output went away'))
  })
  // With standard error gone there is nobody left to tell.
  io.stderr.on('error', () => {})
  return {
    signal: controller.signal,
    throwIfOutputFailed() {
      if (outputError !== undefined) throw outputError
    },
    causeOf(error) {
      const { aborted, reason } = controller.signal
      const isConsequence =
        error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'EPIPE'))
      return aborted && isConsequence ? reason : error
    },
    stop,
  }
}
