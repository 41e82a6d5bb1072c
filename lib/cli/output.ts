import Table from 'cli-table3'
import { painter, type TerminalStream, withoutControls } from '../ops/terminal.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | number
}

/**
 * What a command says. Results go to standard output: for people, or with `--json` as one JSON object per line. What
 * it is doing goes to standard error, and `--quiet` leaves that out.
 */
export interface Output {
  readonly json: boolean
  /** Results of one kind: a table, or one line of JSON per row with all of its fields. Numbers stand to the right. */
  rows<Row extends object>(columns: readonly Column<Row>[], rows: Iterable<Row>): void
  /** One result: `text` for people, or `value` as a line of JSON. */
  record(value: object, text: string): void
  /** For people only, such as a heading; nothing with `--json`. */
  text(text: string): void
  /** A line about the work, on standard error. */
  note(text: string): void
  /**
   * How far the work is. Call it as often as convenient: the text is only made when it is shown, which is ten times a
   * second in place on a terminal, else on a line of its own every five seconds.
   */
  progress(text: () => string): void
  /** Removes the progress line; what comes next may start at the margin. */
  endProgress(): void
  /** Standard error for whole lines of others (the log), kept apart from the progress line. */
  readonly lines: TerminalStream
}

export interface OutputOptions {
  readonly stdout: TerminalStream
  readonly stderr: TerminalStream
  readonly env: NodeJS.ProcessEnv
  readonly json: boolean
  readonly quiet: boolean
  /** Milliseconds of a clock that does not go back. */
  readonly clock_ms?: () => number
}

const REDRAW_MS = 100
const PLAIN_LINE_MS = 5_000
const CLEAR_LINE = '\r\u001b[2K'

export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, env, json, quiet, clock_ms = () => performance.now() } = options
  const onTerminal = stderr.isTTY === true
  const every_ms = onTerminal ? REDRAW_MS : PLAIN_LINE_MS
  let shown = false
  let shownAt_ms = Number.NEGATIVE_INFINITY

  const endProgress = (): void => {
    if (shown) stderr.write(CLEAR_LINE)
    shown = false
    shownAt_ms = Number.NEGATIVE_INFINITY
  }
  // Both streams are usually the same terminal, so the progress line gives way to either.
  const result = (text: string): void => {
    if (shown) endProgress()
    stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }
  const line = (text: string): void => {
    if (shown) endProgress()
    stderr.write(text)
  }

  return {
    json,
    rows(columns, rows) {
      if (json) for (const row of rows) result(JSON.stringify(row))
      else result(table(columns, rows, painter(stdout, env)))
    },
    record: (value, text) => result(json ? JSON.stringify(value) : text),
    text(text) {
      if (!json) result(text)
    },
    note(text) {
      if (!quiet) line(`${text}\n`)
    },
    progress(text) {
      const now_ms = clock_ms()
      if (quiet || now_ms - shownAt_ms < every_ms) return
      shownAt_ms = now_ms
      shown = onTerminal
      const plain = withoutControls(text())
      // A line that wraps cannot be rewritten in place.
      stderr.write(onTerminal ? CLEAR_LINE + plain.slice(0, (stderr.columns ?? 80) - 1) : `${plain}\n`)
    },
    endProgress,
    lines: { write: line, isTTY: onTerminal, columns: stderr.columns },
  }
}

const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) => [
    [side, ''],
    [`${side}-mid`, ''],
    [`${side}-left`, ''],
    [`${side}-right`, ''],
  ]),
)

function table<Row>(columns: readonly Column<Row>[], rows: Iterable<Row>, paint: ReturnType<typeof painter>): string {
  const cells = Array.from(rows, (row) => columns.map((column) => column.value(row)))
  const drawn = new Table({
    head: columns.map((column) => paint('bold', column.title)),
    colAligns: columns.map((_column, index) =>
      cells.length > 0 && cells.every((row) => typeof row[index] === 'number') ? 'right' : 'left',
    ),
    chars: { ...NO_BORDERS, middle: '  ' },
    // Colours are ours: the package's own would ignore which stream this is for.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  drawn.push(...cells.map((row) => row.map((cell) => withoutControls(String(cell)))))
  return drawn.toString().replace(/ +$/gm, '')
}
