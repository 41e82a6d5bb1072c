import { describe, expect, it } from 'vitest'
import { createOutput, type OutputOptions } from '../../../lib/cli/output.ts'
import { Captured } from './captured-io.ts'

interface Row {
  readonly topic: string
  readonly lag_events: number
  readonly extra: string
}

const columns = [
  { title: 'topic', value: (row: Row) => row.topic },
  { title: 'lag', value: (row: Row) => row.lag_events },
]
const rows: Row[] = [
  { topic: 'requests', lag_events: 5, extra: 'x' },
  { topic: 'alerts', lag_events: 1200, extra: 'y' },
]

function output(terminal: boolean, options: Partial<OutputOptions> = {}) {
  const stdout = Object.assign(new Captured(), { isTTY: terminal })
  const stderr = Object.assign(new Captured(), { isTTY: terminal, columns: 20 })
  let now_ms = 0
  const out = createOutput({ stdout, stderr, env: {}, json: false, quiet: false, clock_ms: () => now_ms, ...options })
  const wait = (duration_ms: number) => {
    now_ms += duration_ms
  }
  return { out, stdout, stderr, wait }
}

describe('results', () => {
  it('are a plain aligned table where there is no terminal', () => {
    const { out, stdout } = output(false)
    out.rows(columns, rows)
    expect(stdout.text).toBe('topic      lag\nrequests     5\nalerts    1200\n')
  })

  it('have a bold head on a terminal, unless NO_COLOR is set', () => {
    const coloured = output(true)
    coloured.out.rows(columns, rows)
    expect(coloured.stdout.text).toContain('\u001b[1mtopic\u001b[22m')
    const plain = output(true, { env: { NO_COLOR: '1' } })
    plain.out.rows(columns, rows)
    expect(plain.stdout.text).not.toContain('\u001b')
  })

  it('are whole rows as JSON lines with --json, and nothing else', () => {
    const { out, stdout } = output(false, { json: true })
    out.text('Lag by topic')
    out.rows(columns, rows)
    out.record({ total: 2 }, 'two in total')
    expect(
      stdout.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([...rows, { total: 2 }])
  })

  it('cannot steer the terminal', () => {
    const { out, stdout } = output(false)
    out.rows(columns, [{ topic: 'a\u001b[2Jb\n', lag_events: 1, extra: '' }])
    expect(stdout.text).toContain('a\\u001b[2Jb\\u000a')
  })
})

describe('progress', () => {
  it('rewrites one line on a terminal, cut to its width, ten times a second', () => {
    const { out, stderr, wait } = output(true)
    out.progress(() => 'read 1')
    wait(99)
    out.progress(() => 'read 2')
    wait(1)
    out.progress(() => 'read 3 of very many events')
    expect(stderr.text).toBe('\r\u001b[2Kread 1\r\u001b[2Kread 3 of very many')
  })

  it('is a line of its own at most every five seconds elsewhere', () => {
    const { out, stderr, wait } = output(false)
    for (let second = 0; second <= 10; second++) {
      out.progress(() => `second ${second}`)
      wait(1_000)
    }
    expect(stderr.text).toBe('second 0\nsecond 5\nsecond 10\n')
  })

  it('does not make texts that nobody sees', () => {
    const { out } = output(false, { quiet: true })
    out.progress(() => {
      throw new Error('made')
    })
  })

  it('gives way to results, notes and log lines', () => {
    const { out, stdout, stderr } = output(true)
    out.progress(() => 'a')
    out.text('result')
    out.progress(() => 'b')
    out.note('note')
    out.progress(() => 'c')
    out.lines.write('log\n')
    out.endProgress()
    expect(stdout.text).toBe('result\n')
    expect(stderr.text.replaceAll('\r\u001b[2K', '<')).toBe('<a<<b<note\n<c<log\n')
  })

  it('and notes are silent with --quiet, log lines are not', () => {
    const { out, stderr } = output(true, { quiet: true })
    out.progress(() => 'a')
    out.note('note')
    out.lines.write('log\n')
    expect(stderr.text).toBe('log\n')
  })
})
