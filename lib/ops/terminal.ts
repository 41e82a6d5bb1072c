// Control sequences are written out here rather than with util.styleText, whose newer versions decide about colour by
// looking at the process's own standard output, which need not be the stream we write to.
const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const

export type Paint = (format: keyof typeof CODES, text: string) => string

export interface TerminalStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Colours on a terminal unless NO_COLOR is set (https://no-color.org); the text as it is otherwise. */
export function painter(stream: TerminalStream, env: NodeJS.ProcessEnv): Paint {
  if (stream.isTTY !== true || env.NO_COLOR) return (_format, text) => text
  return (format, text) => `\u001b[${CODES[format][0]}m${text}\u001b[${CODES[format][1]}m`
}

/** Account ids and user agents come from outside: what would steer the terminal is shown as `\u001b`, not obeyed. */
export function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
