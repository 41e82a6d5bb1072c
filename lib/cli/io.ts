import type { Readable } from 'node:stream'
import type { TerminalStream } from '../ops/terminal.ts'

/** The part of the process that a command line needs; `process` itself is one. */
export interface CliIo {
  readonly stdin: Readable
  readonly stdout: NodeJS.WritableStream & TerminalStream
  readonly stderr: NodeJS.WritableStream & TerminalStream
  readonly env: NodeJS.ProcessEnv
  once(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
}
