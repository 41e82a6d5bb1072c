import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_HOP, type TakenHop } from '../../../lib/stream/assembler.ts'
import type { InputRecord, RejectedRecord } from '../../../lib/stream/record.ts'
import { SourceAssembler } from '../../../lib/stream/source-assembler.ts'
import type { InputPartition } from '../../../lib/stream/stage.ts'
import { accountValue, HOP_MS, inputRecord, placeOf, requestValue, summaryOf } from './records.ts'

const BOUND_MS = 30_000
const LATE_MAX_MS = 3 * HOP_MS
const FUTURE_MAX_MS = 10 * HOP_MS
const START_MS = 1_000 * HOP_MS

const INPUTS: InputPartition[] = [
  { input: { topic: 'requests', role: 'source', partitions: 'own' }, partition: 0 },
  { input: { topic: 'accounts', role: 'table', partitions: 'own', effect: 'hop_end' }, partition: 0 },
]

function assembler(limit: (first: number) => number = () => Number.POSITIVE_INFINITY): SourceAssembler {
  const times = { hop_ms: HOP_MS, bound_ms: BOUND_MS, late_max_ms: LATE_MAX_MS, future_max_ms: FUTURE_MAX_MS }
  return new SourceAssembler(INPUTS, { ...times, limit })
}

/** A request at offset `offset` that ended so many seconds after the start. */
function at(offset: number, seconds: number): InputRecord {
  return inputRecord({ topic: 'requests', offset, value: requestValue(`e-${offset}`, START_MS + seconds * 1_000) })
}

function marker(offset: number, seconds: number): InputRecord {
  return inputRecord({ topic: 'requests', offset, watermark_ms: START_MS + seconds * 1_000 })
}

function undecodable(offset: number): InputRecord {
  return inputRecord({ topic: 'requests', offset, rejection: { reason: 'bad_avro', detail: '3 bytes' } })
}

function account(offset: number, seconds: number): InputRecord {
  return inputRecord({
    topic: 'accounts',
    offset,
    value: accountValue(`a-${offset}`, START_MS + seconds * 1_000),
  })
}

function takeAll(source: SourceAssembler): TakenHop[] {
  const hops: TakenHop[] = []
  for (let hop = source.take(); hop; hop = source.take()) hops.push(hop)
  return hops
}

describe('cutting hops', () => {
  test('a hop is cut once the largest end time is the bound past its end, and not a millisecond earlier', () => {
    const source = assembler()
    source.offer(at(0, 10))
    source.offer(inputRecord({ topic: 'requests', offset: 1, value: requestValue('e-1', START_MS + 89_999) }))
    expect(source.ready()).toBe(false)
    expect(source.take()).toBeNull()
    source.offer(at(2, 90))
    expect(takeAll(source).map(summaryOf)).toEqual([{ hop: 1_000, requests: ['e-0'], late: [], accounts: [] }])
  })

  test('hops without records are closed too, in order and without gaps', () => {
    const source = assembler()
    for (const record of [at(0, 10), at(1, 400)]) source.offer(record)
    expect(takeAll(source).map(({ input }) => input.hop)).toEqual([1_000, 1_001, 1_002, 1_003, 1_004, 1_005])
  })

  test('a record behind its cut enters the next hop, marked as late', () => {
    const source = assembler()
    for (const record of [at(0, 10), at(1, 95), at(2, 15), at(3, 151)]) source.offer(record)
    expect(takeAll(source).map(summaryOf)).toEqual([
      { hop: 1_000, requests: ['e-0'], late: [], accounts: [] },
      { hop: 1_001, requests: ['e-1', 'e-2'], late: ['e-2'], accounts: [] },
    ])
  })

  test('a record later than the limit is rejected once, without its value in the detail', () => {
    const source = assembler()
    for (const record of [at(0, 500), at(1, 100), at(2, 600)]) source.offer(record)
    const rejected = takeAll(source).flatMap((hop) => hop.rejected)
    expect(rejected.map(placeOf)).toEqual(['requests/0@1 too_late'])
    expect(rejected[0]?.rejection.detail).toBe('end_time is 320000 ms behind the cut')
  })

  test('a record that ends too far ahead of the moment at which it was taken is rejected, and makes nobody late', () => {
    const source = assembler()
    const taken_ms = START_MS + 1_000
    const dayAhead = { ...at(1, 86_400), taken_ms }
    for (const record of [at(0, 1), dayAhead, { ...at(2, 2), taken_ms }, { ...at(3, 90), taken_ms }])
      source.offer(record)
    const hops = takeAll(source)
    expect(hops.map(summaryOf)).toEqual([{ hop: 1_000, requests: ['e-0', 'e-2'], late: [], accounts: [] }])
    expect(hops.flatMap(({ rejected }) => rejected).map(placeOf)).toEqual(['requests/0@1 time_ahead'])
  })

  test('a time ahead is accepted up to the limit, and where nothing is known about when the record was taken', () => {
    const source = assembler()
    source.offer({ ...at(0, 600), taken_ms: START_MS })
    source.offer(at(1, 86_400))
    expect(takeAll(source)[0]).toMatchObject({ rejected: [] })
  })

  test('a record later than the limit enters the open hop, marked, when it was sent again to count', () => {
    const source = assembler()
    for (const record of [at(0, 500), { ...at(1, 100), accepts_late: true }, at(2, 600)]) source.offer(record)
    const hops = takeAll(source)
    expect(hops.flatMap((hop) => hop.rejected)).toEqual([])
    expect(hops.map(summaryOf).filter(({ late }) => late.length > 0)).toMatchObject([{ late: ['e-1'] }])
  })

  test('a marker cuts hops without a record, from the first one on', () => {
    const source = assembler()
    source.offer(marker(0, 90))
    source.offer(marker(1, 210))
    expect(takeAll(source).map(({ input }) => input.hop)).toEqual([1_000, 1_001, 1_002])
  })

  test('a gate holds back hops beyond its limit, and the input that fills them', () => {
    let limit = 1_001
    const source = assembler(() => limit)
    for (let hop = 0; hop < 12; hop++) source.offer(at(hop, hop * 60))
    expect(takeAll(source).map(({ input }) => input.hop)).toEqual([1_000, 1_001])
    expect(source.aheadPartitions()).toEqual([{ topic: 'requests', partition: 0 }])
    expect(source.buffered()).toBe(10)
    limit = 2_000
    expect(source.aheadPartitions()).toEqual([])
    expect(takeAll(source)).toHaveLength(8)
  })

  test('a source that begins later than the others closes the hops that they wait for', () => {
    const source = assembler(() => 1_002)
    source.offer(at(0, 100 * 60))
    expect(takeAll(source).map(summaryOf)).toEqual([{ hop: 1_002, requests: [], late: [], accounts: [] }])
  })

  test('a silence cuts what is open', () => {
    const source = assembler()
    source.offer(at(0, 10))
    const end_ms = source.openEnd_ms()
    expect(end_ms).toBe(START_MS + HOP_MS)
    source.advance((end_ms ?? 0) + BOUND_MS)
    expect(takeAll(source).map(summaryOf)).toEqual([{ hop: 1_000, requests: ['e-0'], late: [], accounts: [] }])
  })
})

describe('resuming', () => {
  test('a rejection that has not left when a hop is committed is read again', () => {
    const before = assembler()
    for (const record of [at(0, 10), marker(1, 90)]) before.offer(record)
    takeAll(before)
    before.offer(undecodable(2))
    const after = resumed(before, [at(0, 10), marker(1, 90), undecodable(2), at(3, 200)])
    expect(takeAll(after).flatMap((hop) => hop.rejected.map(placeOf))).toEqual(['requests/0@2 bad_avro'])
  })

  test('rejections at the head of a partition leave before the first hop, once, restart or not', () => {
    const log = [undecodable(0), undecodable(1), at(2, 10), undecodable(3), at(4, 200)]
    const before = assembler()
    for (const record of log.slice(0, 4)) before.offer(record)
    expect(before.ready()).toBe(false)
    expect(before.rejected_bytes()).toBeGreaterThan(0)
    expect(before.takeRejected().map(placeOf)).toEqual([
      'requests/0@0 bad_avro',
      'requests/0@1 bad_avro',
      'requests/0@3 bad_avro',
    ])
    expect(before.rejected_bytes()).toBe(0)
    expect(before.position()?.hop).toBe(NO_HOP)
    const hops = takeAll(resumed(before, log))
    expect(hops.map(summaryOf).flatMap(({ requests }) => requests)).toEqual(['e-2'])
    expect(hops.flatMap(({ rejected }) => rejected)).toEqual([])
  })

  test('crashes at any position, any batches, any gate and flushes at any time give the hops and rejections of an undisturbed run', () => {
    fc.assert(
      fc.property(log, fc.array(move, { maxLength: 60 }), ({ source, tables }, moves) => {
        const undisturbed = assembler()
        for (const record of tables) undisturbed.offer(record)
        const expected: TakenHop[] = []
        for (const record of source) {
          undisturbed.offer(record)
          expected.push(...takeAll(undisturbed))
        }
        const rejected = [...expected.flatMap((hop) => hop.rejected), ...undisturbed.takeRejected()].map(placeOf)
        const disturbed = runDisturbed(source, tables, moves)
        expect(disturbed.hops.map(summaryOf)).toEqual(expected.map(summaryOf))
        expect(disturbed.rejected.map(placeOf).sort()).toEqual(rejected.sort())
        expect(new Set(rejected).size).toBe(rejected.length)
      }),
      { numRuns: 1_000 },
    )
  })
})

/** A partition of requests with disorder, jumps, markers and bad records, and the accounts beside it. */
const log = fc
  .record({
    steps: fc.array(
      fc.record({
        kind: fc.constantFrom('value', 'value', 'value', 'value', 'value', 'marker', 'bad'),
        forward_s: fc.oneof({ weight: 8, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.nat(600) }),
        back_s: fc.oneof({ weight: 3, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(500) }),
      }),
      { maxLength: 40 },
    ),
    accounts: fc.array(fc.nat(1_200), { maxLength: 8 }),
  })
  .map(({ steps, accounts }) => {
    let clock_s = 600
    const source = steps.map(({ kind, forward_s, back_s }, offset) => {
      if (kind === 'bad') return undecodable(offset)
      clock_s += forward_s
      return kind === 'marker' ? marker(offset, clock_s - back_s) : at(offset, clock_s - back_s)
    })
    return { source, tables: accounts.map((seconds, offset) => account(offset, seconds)) }
  })

const move = fc.oneof(
  fc.record({ kind: fc.constant('offer' as const), count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant('take' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('open' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('flush' as const), count: fc.constant(0) }),
  fc.record({ kind: fc.constant('crash' as const), count: fc.constant(0) }),
)

/** Makes the moves, then reads and takes the rest. A crash goes on from the position that was committed. */
function runDisturbed(
  source: readonly InputRecord[],
  tables: readonly InputRecord[],
  moves: readonly { kind: 'offer' | 'take' | 'open' | 'flush' | 'crash'; count: number }[],
): { hops: TakenHop[]; rejected: RejectedRecord[] } {
  const gate: { allowed: number | null } = { allowed: null }
  const limit = (first: number) => gate.allowed ?? first
  let current = assembler(limit)
  let next = 0
  for (const record of tables) current.offer(record)
  const hops: TakenHop[] = []
  const rejected: RejectedRecord[] = []
  const take = () => {
    const hop = current.take()
    if (!hop) return false
    hops.push(hop)
    rejected.push(...hop.rejected)
    gate.allowed ??= hop.input.hop
    return true
  }
  for (const { kind, count } of moves) {
    if (kind === 'offer') for (const record of source.slice(next, next + count)) current.offer(record)
    if (kind === 'offer') next = Math.min(source.length, next + count)
    if (kind === 'take') for (let i = 0; i < count; i++) take()
    if (kind === 'flush') rejected.push(...current.takeRejected())
    if (kind === 'open' && gate.allowed !== null) gate.allowed += count
    if (kind !== 'crash') continue
    const position = current.position()
    current = assembler(limit)
    if (position) current.resume(position)
    const from = (topic: string) => position?.inputs.find((input) => input.topic === topic)?.resume_offset ?? 0
    for (const record of tables.slice(from('accounts'))) current.offer(record)
    next = from('requests')
  }
  while (next < source.length) current.offer(source[next++]!)
  take()
  gate.allowed = Number.POSITIVE_INFINITY
  while (take());
  rejected.push(...current.takeRejected())
  return { hops, rejected }
}

/** A fresh assembler behind the other's position that has read the source again from there. */
function resumed(before: SourceAssembler, source: readonly InputRecord[]): SourceAssembler {
  const position = before.position()
  if (!position) throw new Error('nothing was taken')
  const after = assembler()
  after.resume(position)
  const from = position.inputs.find(({ topic }) => topic === 'requests')?.resume_offset ?? 0
  for (const record of source) if (record.offset >= from) after.offer(record)
  return after
}

describe('what is missing', () => {
  const SOURCE = { topic: 'requests', partition: 0, writer: null }

  test('a source misses records until its watermark has passed a hop', () => {
    const source = assembler()
    expect(source.missing()).toEqual([SOURCE])
    source.offer(at(0, 10))
    expect(source.missing()).toEqual([SOURCE])
    source.offer(at(1, 95))
    expect(source.missing()).toEqual([])
  })

  test('a source that the gate holds back misses nothing of its own', () => {
    const source = assembler(() => 0)
    source.offer(marker(0, 600))
    expect(source.ready()).toBe(true)
    source.take()
    expect(source.ready()).toBe(false)
    expect(source.missing()).toEqual([])
  })
})
