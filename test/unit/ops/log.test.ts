import { expect, it } from 'vitest'
import { createLog, type LogFields, type LogOptions } from '../../../lib/ops/log.ts'

function captured(options: Partial<LogOptions> & { isTTY?: boolean } = {}) {
  const lines: string[] = []
  const stream = { isTTY: options.isTTY ?? false, write: (text: string) => lines.push(text) }
  const log = createLog({ level: 'info', stream, env: { NO_COLOR: '1' }, ...options })
  return { log, lines }
}

const position = { topic: 'requests', partition: 3, offset: '9007199254740993', generation: 2 } satisfies LogFields

it('writes one JSON line with time, level, process and fields', () => {
  const { log, lines } = captured({ fields: { stage: 'fingerprints' } })
  log.child(position).info('hop cut')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    pid: process.pid,
    hostname: expect.any(String),
    stage: 'fingerprints',
    ...position,
    msg: 'hop cut',
  })
})

it('leaves out what is below the level', () => {
  const { log, lines } = captured({ level: 'warn' })
  log.info('no')
  log.error('yes')
  expect(lines).toHaveLength(1)
})

it('is one readable line on a terminal', () => {
  const { log, lines } = captured({ isTTY: true })
  log.warn({ stage: 'linkage', detail: 'two words', counts: [1, 2] }, 'slow hop')
  expect(lines[0]?.replace(/^[\d:.]{12}/, 'TIME')).toBe(
    'TIME WARN  slow hop stage=linkage detail="two words" counts=[1,2]\n',
  )
})

it('shows the stack of an error below the line', () => {
  const { log, lines } = captured({ isTTY: true })
  log.error({ err: new Error('broken') }, 'stopping')
  expect(lines[0]).toMatch(/ERROR stopping\nError: broken\n {4}at /)
})

it('lets no field steer the terminal', () => {
  const { log, lines } = captured({ isTTY: true })
  log.info({ topic: 'a\u001b[2J' }, 'b\u0007\nc')
  expect(lines[0]?.trimEnd()).toContain('b\\u0007\\u000ac topic=a\\u001b[2J')
})

it('colours a terminal unless NO_COLOR is set', () => {
  const { log, lines } = captured({ isTTY: true, env: {} })
  log.error('x')
  expect(lines[0]).toContain('\u001b[31mERROR\u001b[39m')
})
