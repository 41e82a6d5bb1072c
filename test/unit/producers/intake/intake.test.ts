import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { UsageError } from '../../../../lib/ops/errors.ts'
import { keyedHash52 } from '../../../../lib/sketch/keyed-hash.ts'
import {
  createIntakeCounters,
  type IntakeItem,
  type IntakeOptions,
  intake,
} from '../../../../producers/intake/intake.ts'
import { toDeadLetter } from '../../../../producers/intake/reject.ts'
import { chunksOf, collect, inputAccount, inputRequest, KEYS, MINUTE_MS, ndjson, START_MS, WEEK_MS } from './records.ts'

const folder = mkdtempSync(join(tmpdir(), 'intake-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, bytes: Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

async function take(bytes: Buffer, options: Partial<IntakeOptions> = {}) {
  return split(await collect(intake(['-'], { keys: KEYS, stdin: chunksOf(bytes), ...options })))
}

function split(items: IntakeItem[]) {
  const records = items.flatMap((item) => (item.kind === 'record' ? [item.record] : []))
  const rejects = items.flatMap((item) => (item.kind === 'reject' ? [item] : []))
  return { records, rejects, brief: rejects.map(({ line, reason }) => [line, reason]) }
}

const eventIds = (records: { value: object }[]): unknown[] =>
  records.map(({ value }) => ('event_id' in value ? value.event_id : null))

const steady = (count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, i) => inputRequest(i * 10_000, { event_id: `e-${i}` }))

const stepIds = (count: number): string[] => steady(count).map(({ event_id }) => String(event_id))

describe('bad input', () => {
  test('is refused by line and reason while everything around it passes', async () => {
    const good = steady(9).map((record) => JSON.stringify(record))
    const bytes = Buffer.concat([
      Buffer.from(`${good[0]}\n${good[1]}\n`),
      Buffer.from('{"type": "request", \n'),
      Buffer.from(`${good[2]}\n`),
      Buffer.alloc(10 * 1024 * 1024, '['),
      Buffer.from(`\n${good[3]}\n`),
      Buffer.from([0xc3, 0x28, 0x0a]),
      Buffer.from(`${good[4]}\n`),
      ndjson([inputRequest(0, { account_id: 7 })]),
      Buffer.from(`${good[5]}\n[1]\n${good[6]}\n`),
      ndjson([inputRequest(-START_MS), inputRequest(WEEK_MS)]),
      Buffer.from(`${good[7]}\n`),
      ndjson([inputRequest(0, { end_time: '2025-11-03T09:00:00Z' })]),
      Buffer.from(`${good[8]}`),
    ])
    const { records, brief } = await take(bytes)
    expect(eventIds(records)).toEqual(stepIds(9))
    expect(brief.sort(([a], [b]) => Number(a) - Number(b))).toEqual([
      [3, 'invalid_json'],
      [5, 'line_too_long'],
      [7, 'invalid_utf8'],
      [9, 'invalid_record'],
      [11, 'invalid_record'],
      [13, 'time_out_of_range'],
      [14, 'time_ahead'],
      [16, 'end_before_event'],
    ])
  })

  test('at the end of a damaged gzip is one reject, and the next file is read', async () => {
    const zipped = gzipSync(ndjson(steady(2_000)))
    const damaged = file('damaged.gz', zipped.subarray(0, zipped.length - 200))
    const whole = file('whole.ndjson', ndjson([inputAccount(0, { event_id: 'last' })]))
    const { records, rejects } = split(await collect(intake([damaged, whole], { keys: KEYS })))
    const ids = eventIds(records)
    expect(ids.length).toBeGreaterThan(1_000)
    expect(ids).toEqual([...stepIds(ids.length - 1), 'last'])
    expect(rejects).toMatchObject([{ source: damaged, line: ids.length, reason: 'truncated_gzip' }])
  })

  test('of repeated event ids passes, to be dropped and counted where they are remembered', async () => {
    const { records, rejects } = await take(ndjson([...steady(60), ...steady(60)]))
    expect(eventIds(records)).toEqual([...stepIds(60), ...stepIds(60)])
    expect(rejects).toEqual([])
  })

  test.each([0, 1, 100, 200])('a request a week ahead after %i others is the only one refused', async (at) => {
    const normal = steady(200)
    const { records, brief } = await take(ndjson([...normal.slice(0, at), inputRequest(WEEK_MS), ...normal.slice(at)]))
    expect(eventIds(records)).toEqual(stepIds(200))
    expect(brief).toEqual([[at + 1, 'time_ahead']])
  })

  test('of any bytes never throws', async () => {
    const json = fc.json().map((text) => Buffer.from(`${text}\n`))
    const bytes = fc.uint8Array({ maxLength: 60 }).map((raw) => Buffer.from(raw))
    const record = fc
      .dictionary(fc.constantFrom('event_id', 'end_time', 'client', 'params', 'content', 'response'), fc.jsonValue())
      .map((changes) => ndjson([inputRequest(0, changes)]))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(json, bytes, record), { maxLength: 20 }), async (parts) => {
        const counters = createIntakeCounters()
        const { records, rejects } = await take(Buffer.concat(parts), { counters })
        expect(records.length + rejects.length).toBe(counters.lines)
      }),
      { numRuns: 200 },
    )
  })
})

describe('text', () => {
  const CANARY = 'canary 7f3a walks'

  test('of a prompt reaches no record, reject or dead letter, wherever it stands', async () => {
    const content = { system: CANARY, messages: [{ role: CANARY, content: CANARY }], output: CANARY }
    const named = {
      operation: CANARY,
      access_path: CANARY,
      request_model: CANARY,
      session_id: CANARY,
      api_key_id: CANARY,
    }
    const nested = {
      client: { ip: CANARY, user_agent: CANARY, country: CANARY, device_id: CANARY },
      params: { response_format: CANARY, reasoning: CANARY, tool_set_hash: CANARY },
      response: { status: 200, error_type: CANARY, finish_reason: CANARY, reasoning_signatures: [CANARY], [CANARY]: 1 },
    }
    const { records, rejects } = await take(
      Buffer.concat([
        ndjson([inputRequest(0, { ...named, ...nested, content, note: CANARY, [CANARY]: CANARY })]),
        Buffer.from(`${CANARY}\n{"type":"request","event_id":"${CANARY}"\n"${CANARY}"\n{"type":"${CANARY}"}\n`),
        ndjson([inputRequest(0, { event_time: CANARY }), inputRequest(0, { response: CANARY })]),
        ndjson([inputRequest(0, { content: { messages: CANARY } }), inputRequest(WEEK_MS, { content })]),
        ndjson([
          inputAccount(0, { plan: CANARY, email_domain: CANARY, payment_fingerprint: CANARY, created_at: CANARY }),
        ]),
        ndjson([{ ...inputAccount(0), type: 'outcome', outcome: 'cleared', reason: CANARY }]),
        ndjson([inputRequest(1), inputRequest(2)]),
      ]),
    )
    expect([records.length, rejects.length]).toEqual([4, 9])
    const everything = JSON.stringify([records, rejects, rejects.map(toDeadLetter)])
    expect(everything).not.toMatch(/canary|7f3a|walks/i)
  })
})

test('a reject keeps the length and the keyed hash of its line, also when it was held before', async () => {
  const held = JSON.stringify(inputRequest(WEEK_MS))
  const { rejects } = await take(Buffer.from(`{"type":"x"}\n${held}\n${ndjson(steady(3))}`))
  const line_hash = (line: string) => keyedHash52(KEYS.infrastructure.secret, 'line', line)
  expect(rejects.map(toDeadLetter)).toMatchObject([
    { source: 'stdin', line: 1, size_bytes: 12, content_hash: line_hash('{"type":"x"}'), payload: null, key: null },
    { source: 'stdin', line: 2, size_bytes: held.length, content_hash: line_hash(held), reason: 'time_ahead' },
  ])
})

test('records and rejects are counted by topic and reason', async () => {
  const counters = createIntakeCounters()
  const bytes = Buffer.concat([ndjson([...steady(5), inputAccount(0)]), Buffer.from('\n{\n{\n')])
  await take(bytes, { counters })
  expect(counters.lines).toBe(8)
  expect([...counters.records]).toEqual([
    ['requests', 5],
    ['accounts', 1],
  ])
  expect([...counters.rejects]).toEqual([['invalid_json', 2]])
})

test('the same bytes give the same items however they are cut', async () => {
  const bytes = ndjson([...steady(70), inputRequest(WEEK_MS), inputAccount(5), ...steady(5)])
  const runs = [1000, 77, bytes.length].map((size) => take(bytes, { stdin: chunksOf(bytes, size) }))
  const [first, ...others] = await Promise.all(runs)
  for (const other of others) expect(other).toEqual(first)
})

describe('live', () => {
  test('a record passes before the next one arrives', async () => {
    let heardFirst = () => {}
    const first = new Promise<void>((resolve) => {
      heardFirst = resolve
    })
    async function* pipe(): AsyncGenerator<Buffer> {
      yield ndjson([inputRequest(0)])
      await first
      yield ndjson([inputRequest(1000)])
    }
    let count = 0
    for await (const items of intake(['-'], { keys: KEYS, stdin: pipe(), clock: () => START_MS })) {
      count += items.length
      heardFirst()
    }
    expect(count).toBe(2)
  })

  test('a request ahead of the clock is refused', async () => {
    const { brief } = await take(ndjson([inputRequest(0), inputRequest(11 * MINUTE_MS)]), { clock: () => START_MS })
    expect(brief).toEqual([[2, 'time_ahead']])
  })
})

describe('another format', () => {
  async function* convert(lines: AsyncIterable<string>): AsyncGenerator<unknown> {
    let line_number = 0
    for await (const line of lines) {
      line_number += 1
      if (line === '') continue
      const end_ms = Number(line)
      if (Number.isNaN(end_ms)) yield { type: 'unreadable', line_number, reason: 'not a number' }
      else yield inputRequest(end_ms)
    }
  }

  test('is converted first, and what cannot be read is refused by its line', async () => {
    const { records, rejects } = await take(Buffer.from('0\n\n1000\nx\n\n2000\n-9999999999999\n3000'), { convert })
    expect(eventIds(records)).toEqual(['e-0', 'e-1000', 'e-2000', 'e-3000'])
    expect(rejects).toMatchObject([
      { line: 4, reason: 'invalid_record', detail: 'not a number' },
      { line: 7, reason: 'time_out_of_range' },
    ])
  })

  test('loses no line that is refused before it is converted', async () => {
    const bytes = Buffer.concat([Buffer.from('0\n'), Buffer.from([0xff, 0x0a]), Buffer.from('5\n')])
    const { records, brief } = await take(bytes, { convert })
    expect(records).toHaveLength(2)
    expect(brief).toEqual([[2, 'invalid_utf8']])
  })

  test('comes in full arrays when the converter reads the whole file first', async () => {
    async function* sorted(lines: AsyncIterable<string>): AsyncGenerator<unknown> {
      const all = []
      for await (const line of lines) all.push(Number(line))
      for (const end_ms of all.sort((a, b) => a - b)) yield inputRequest(end_ms)
    }
    const bytes = Buffer.from(
      Array.from({ length: 2_000 }, (_, i) => i)
        .reverse()
        .join('\n'),
    )
    let arrays = 0
    let items = 0
    for await (const array of intake(['-'], { keys: KEYS, stdin: chunksOf(bytes), convert: sorted })) {
      arrays += 1
      items += array.length
    }
    expect(items).toBe(2_000)
    expect(arrays).toBeLessThan(10)
  })
})

describe('a source that cannot be read', () => {
  const good = () => file('good.ndjson', ndjson([inputRequest(0)]))

  test.each([
    ['missing', () => join(folder, 'absent.ndjson'), 'no such file'],
    ['a directory', () => folder, 'is a directory'],
    ['below a file', () => join(good(), 'x'), 'no such file'],
  ])('because it is %s stops the run before the first record and is named', async (_, path, message) => {
    const run = intake([good(), path()], { keys: KEYS })
    const failure = await run.next().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(UsageError)
    expect(failure).toHaveProperty('message', expect.stringContaining(`${path()}: ${message}`))
  })

  test('because it is standard input a second time is refused', async () => {
    await expect(intake(['-', '-'], { keys: KEYS }).next()).rejects.toThrow(UsageError)
  })
})
