export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** One thing that happened. Fields are names, counts and offsets; never a key or a value of a record. */
export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Where log lines go. */
export type Log = (line: LogLine) => void

/** The same log with fields added to every line. */
export function withFields(log: Log, fields: Readonly<Record<string, unknown>>): Log {
  return (line) => log({ ...line, fields: { ...fields, ...line.fields } })
}
