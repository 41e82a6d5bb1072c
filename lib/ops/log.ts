import { type Logger, pino, stdTimeFunctions } from 'pino'
import { isPlainObject } from './canonical-json.ts'
import type { LogSettings } from './settings.ts'
import { type Paint, painter, type TerminalStream, withoutControls } from './terminal.ts'

/** What a log line is about. The same words appear in metrics and in `/statez`. */
export interface LogFields {
  readonly stage?: string
  readonly detector?: string
  readonly topic?: string
  readonly partition?: number
  /** A Kafka offset is 64 bits wide, so it travels as text. */
  readonly offset?: string
  readonly generation?: number
}

export type Log = Logger

export interface LogOptions {
  readonly level: LogSettings['level']
  /** Standard error: standard output belongs to results. On a terminal the lines are readable ones instead of JSON. */
  readonly stream: TerminalStream
  readonly env: NodeJS.ProcessEnv
  /** Fields of every line, such as the stage. */
  readonly fields?: LogFields
}

/**
 * A log of one line per thing that happened. Every line has time (RFC 3339), level, pid and hostname;
 * `log.child({ topic, partition } satisfies LogFields)` narrows it. An error goes under `err`.
 */
export function createLog(options: LogOptions): Log {
  const { level, stream, env } = options
  const paint = painter(stream, env)
  const write = (line: string): void => {
    stream.write(stream.isTTY === true ? prettyLine(line, paint) : line)
  }
  const log = pino(
    { level, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    { write },
  )
  return options.fields === undefined ? log : log.child(options.fields)
}

const LEVEL_COLOURS: Readonly<Record<string, Parameters<Paint>[0]>> = { warn: 'yellow', error: 'red', fatal: 'red' }

/** `12:30:05.123 INFO  hop cut stage=fingerprints partition=3`, with the stack of an error on lines of its own. */
function prettyLine(json: string, paint: Paint): string {
  const record: Record<string, unknown> = JSON.parse(json)
  const { level, time, msg, err, pid: _pid, hostname: _hostname, ...fields } = record
  const head = [
    paint('dim', String(time).slice(11, 23)),
    paint(LEVEL_COLOURS[String(level)] ?? 'green', String(level).toUpperCase().padEnd(5)),
    ...(msg === undefined ? [] : [withoutControls(String(msg))]),
    ...Object.entries(fields).map(([key, value]) => paint('dim', `${key}=${fieldText(value)}`)),
  ]
  const stack = isPlainObject(err) && typeof err.stack === 'string' ? err.stack : undefined
  const lines = [head.join(' '), ...(stack?.split('\n').map(withoutControls) ?? [])]
  return `${lines.join('\n')}\n`
}

function fieldText(value: unknown): string {
  const text = typeof value === 'string' && !/[\s="]/.test(value) ? value : JSON.stringify(value)
  return withoutControls(text)
}
