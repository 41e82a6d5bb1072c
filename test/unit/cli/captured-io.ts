import { EventEmitter } from 'node:events'
import { Readable, Writable } from 'node:stream'
import type { CliIo } from '../../../lib/cli/io.ts'

export interface CapturedIo extends CliIo, Pick<EventEmitter, 'emit' | 'listenerCount'> {
  /** What was written so far. */
  out(): string
  err(): string
}

/** The streams, environment and signals of a process that is not there. */
export function capturedIo(env: NodeJS.ProcessEnv = {}, stdout: Writable = new Captured()): CapturedIo {
  const stderr = new Captured()
  return Object.assign(new EventEmitter(), {
    stdin: Readable.from([]),
    stdout,
    stderr,
    env,
    out: () => (stdout instanceof Captured ? stdout.text : ''),
    err: () => stderr.text,
  })
}

/** A reader that has left: every write fails as on a closed pipe. */
export function closedPipe(): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  })
}

export class Captured extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}
