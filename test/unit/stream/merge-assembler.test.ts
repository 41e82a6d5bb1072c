import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TakenHop } from '../../../lib/stream/assembler.ts'
import { MergeAssembler } from '../../../lib/stream/merge-assembler.ts'
import type { InputRecord, RejectedRecord } from '../../../lib/stream/record.ts'
import type { InputPartition } from '../../../lib/stream/stage.ts'
import type { LinkBatch } from '../../../schemas/types.ts'
import { HOP_MS, inputRecord, placeOf } from './records.ts'

const WRITERS = 3
const FIRST_HOP = 100

// Partition 0 of `links` is written by three tasks; the two partitions of `signals` by one task each.
const INPUTS: InputPartition[] = [
  { input: { topic: 'links', role: 'hops', partitions: 'all', writers: 'all' }, partition: 0 },
  { input: { topic: 'signals', role: 'hops', partitions: 'all', writers: 'same' }, partition: 0 },
  { input: { topic: 'signals', role: 'hops', partitions: 'all', writers: 'same' }, partition: 1 },
]

function assembler(): MergeAssembler {
  return new MergeAssembler(INPUTS, { hop_ms: HOP_MS, writers: () => WRITERS })
}

/** Any value will do; its number of accounts tells it from the others. */
function value(active_accounts: number): LinkBatch {
  return { hop: 0, active_accounts, erased_accounts: [], links: [] }
}

interface Written {
  readonly topic: 'links' | 'signals'
  readonly partition: number
  readonly writer: number
  readonly hop: number
  readonly last: boolean
  readonly value: LinkBatch | null
  readonly bad: boolean
}

function links(writer: number, hop: number, last: boolean, id: number | null): Written {
  return { topic: 'links', partition: 0, writer, hop, last, value: id === null ? null : value(id), bad: false }
}

function signals(partition: number, hop: number): Written {
  return { topic: 'signals', partition, writer: partition, hop, last: true, value: null, bad: false }
}

/** Gives every record its offset in its partition. */
function numbered(records: readonly Written[]): InputRecord[] {
  const offsets = new Map<string, number>()
  return records.map(({ topic, partition, writer, hop, last, value, bad }) => {
    const place = `${topic}/${partition}`
    const offset = offsets.get(place) ?? 0
    offsets.set(place, offset + 1)
    const rejection = bad ? { reason: 'bad_avro', detail: '3 bytes' } : null
    return inputRecord({ topic, partition, offset, value, hop: { hop, writer, last }, rejection })
  })
}

function takeAll(merge: MergeAssembler): TakenHop[] {
  const hops: TakenHop[] = []
  for (let hop = merge.take(); hop; hop = merge.take()) hops.push(hop)
  return hops
}

function summaryOf({ input }: TakenHop) {
  return {
    hop: input.hop,
    end_ms: input.end_ms,
    links: (input.records.links ?? []).map(({ active_accounts }) => active_accounts).sort((a, b) => a - b),
    signals: (input.records.signals ?? []).length,
  }
}

function closing(hop: number): Written[] {
  return [...[0, 1, 2].map((writer) => links(writer, hop, true, null)), signals(0, hop), signals(1, hop)]
}

describe('merging', () => {
  test('a hop is complete when every writer has closed it on every partition, and not before', () => {
    const merge = assembler()
    const records = numbered([
      links(0, 100, false, 1),
      links(0, 100, true, 2),
      links(1, 100, true, 3),
      links(2, 100, true, null),
      signals(0, 100),
      signals(1, 100),
    ])
    for (const record of records.slice(0, -1)) merge.offer(record)
    expect(merge.ready()).toBe(false)
    merge.offer(records.at(-1)!)
    expect(takeAll(merge).map(summaryOf)).toEqual([{ hop: 100, end_ms: 101 * HOP_MS, links: [1, 2, 3], signals: 0 }])
  })

  test("a writer's first close says that it had nothing before", () => {
    const merge = assembler()
    const late = [links(2, 102, true, 9)]
    const others = [100, 101, 102].flatMap((hop) =>
      closing(hop).filter(({ topic, writer }) => topic !== 'links' || writer !== 2),
    )
    for (const record of numbered([...others, ...late])) merge.offer(record)
    expect(takeAll(merge).map(({ input }) => input.hop)).toEqual([100, 101, 102])
  })

  test('a record of nobody who writes the topic is rejected and closes nothing', () => {
    const merge = assembler()
    const stranger = { ...links(7, 100, true, 1) }
    for (const record of numbered([stranger, ...closing(100)])) merge.offer(record)
    expect(takeAll(merge).map((hop) => [hop.input.hop, ...hop.rejected.map(placeOf)])).toEqual([
      [100, 'links/0@0 unknown_writer'],
    ])
  })

  test('a record that is read again after its hop was closed counts for nothing', () => {
    const merge = assembler()
    const records = numbered([links(0, 100, false, 5), ...closing(100), ...closing(101)])
    for (const record of records.slice(0, 6)) merge.offer(record)
    expect(
      takeAll(merge)
        .map(summaryOf)
        .map((hop) => hop.links),
    ).toEqual([[5]])
    for (const record of records) merge.offer(record)
    expect(
      takeAll(merge)
        .map(summaryOf)
        .map((hop) => hop.links),
    ).toEqual([[]])
  })

  test('a partition far ahead of another one is paused', () => {
    const merge = assembler()
    for (const record of numbered(closing(100))) merge.offer(record)
    merge.take()
    const ahead = Array.from({ length: 12 }, (_, index) => signals(0, 101 + index))
    for (const record of numbered([signals(0, 100), ...ahead]).slice(1)) merge.offer(record)
    expect(merge.aheadPartitions()).toEqual([{ topic: 'signals', partition: 0 }])
  })
})

describe('what is missing', () => {
  test('names each writer that has not closed the next hop, and nobody when it is complete', () => {
    const merge = assembler()
    expect(merge.missing()).toHaveLength(WRITERS + 2)
    const closes = [links(0, FIRST_HOP, true, null), links(2, FIRST_HOP, true, null), signals(0, FIRST_HOP)]
    for (const record of numbered(closes)) merge.offer(record)
    expect(merge.missing()).toEqual([
      { topic: 'links', partition: 0, writer: 1 },
      { topic: 'signals', partition: 1, writer: 1 },
    ])
    for (const record of numbered([links(1, FIRST_HOP, true, null), signals(1, FIRST_HOP)])) merge.offer(record)
    expect(merge.missing()).toEqual([])
    expect(merge.take()?.input.hop).toBe(FIRST_HOP)
    expect(merge.missing()).toHaveLength(WRITERS + 2)
  })
})

describe('resuming', () => {
  test('a rejection that was read but not taken is not lost', () => {
    const records = numbered([...closing(100), { ...links(0, 101, false, 1), bad: true }, ...closing(101)])
    const before = assembler()
    for (const record of records.slice(0, 5)) before.offer(record)
    takeAll(before)
    before.offer(records[5]!)
    const after = resumed(before, records)
    for (const record of records.slice(6)) after.offer(record)
    expect(takeAll(after).flatMap(({ rejected }) => rejected.map(placeOf))).toEqual(['links/0@3 bad_avro'])
  })

  test('crashes at any position of any interleaving and flushes at any time give the hops and rejections of an undisturbed run', () => {
    fc.assert(
      fc.property(interleaving, fc.array(move, { maxLength: 40 }), (written, moves) => {
        const records = numbered(written)
        const undisturbed = assembler()
        const expected: TakenHop[] = []
        for (const record of records) {
          undisturbed.offer(record)
          expected.push(...takeAll(undisturbed))
        }
        expect(expected.map(summaryOf)).toEqual(naive(written))
        let current = assembler()
        let next = 0
        const hops: TakenHop[] = []
        const rejected: RejectedRecord[] = []
        for (const { kind, count } of moves) {
          if (kind === 'offer') for (const record of records.slice(next, next + count)) current.offer(record)
          if (kind === 'offer') next = Math.min(records.length, next + count)
          if (kind === 'take') hops.push(...[current.take()].flatMap((hop) => hop ?? []))
          if (kind === 'flush') rejected.push(...current.takeRejected())
          if (kind === 'crash') current = resumed(current, records.slice(0, next))
        }
        for (const record of records.slice(next)) current.offer(record)
        hops.push(...takeAll(current))
        rejected.push(...hops.flatMap((hop) => hop.rejected), ...current.takeRejected())
        expect(hops.map(summaryOf)).toEqual(expected.map(summaryOf))
        const bad = records.filter(({ rejection }) => rejection).map(placeOf)
        expect(rejected.map(placeOf).sort()).toEqual(bad.sort())
      }),
      { numRuns: 500 },
    )
  })
})

/** A fresh assembler behind the other's position that has read everything again from there. */
function resumed(before: MergeAssembler, read: readonly InputRecord[]): MergeAssembler {
  const position = before.position()
  const after = assembler()
  if (position) after.resume(position)
  const from = (record: InputRecord) =>
    position?.inputs.find(({ topic, partition }) => topic === record.topic && partition === record.partition)
      ?.resume_offset ?? 0
  for (const record of read) if (record.offset >= from(record)) after.offer(record)
  return after
}

const move = fc.oneof(
  fc.record({ kind: fc.constant('offer' as const), count: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant('take' as const), count: fc.constant(1) }),
  fc.record({ kind: fc.constant('flush' as const), count: fc.constant(0) }),
  fc.record({ kind: fc.constant('crash' as const), count: fc.constant(0) }),
)

/** What each writer writes hop by hop, and an order in which all of it arrives. */
const interleaving = fc
  .record({
    hops: fc.integer({ min: 1, max: 5 }),
    writers: fc.array(
      fc.record({
        starts: fc.nat(2),
        records: fc.array(
          fc.array(fc.record({ id: fc.nat(99), bad: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) }), {
            maxLength: 3,
          }),
          { minLength: 8, maxLength: 8 },
        ),
      }),
      { minLength: 5, maxLength: 5 },
    ),
    order: fc.array(fc.nat(4), { maxLength: 120 }),
  })
  .map(({ hops, writers, order }) => {
    const queues = writers.map(({ starts, records }, index) => {
      const topic = index < WRITERS ? ('links' as const) : ('signals' as const)
      const place =
        topic === 'links' ? { partition: 0, writer: index } : { partition: index - WRITERS, writer: index - WRITERS }
      return Array.from({ length: hops }, (_, offset) => {
        const hop = FIRST_HOP + starts + offset
        const values = records[offset] ?? []
        if (values.length === 0) return [{ topic, ...place, hop, last: true, value: null, bad: false }]
        return values.map(({ id, bad }, at): Written => {
          const last = at === values.length - 1
          return { topic, ...place, hop, last, value: bad ? null : value(id), bad }
        })
      }).flat()
    })
    const written: Written[] = []
    for (const index of [...order, ...queues.flatMap((queue, index) => queue.map(() => index))]) {
      const record = queues[index]?.shift()
      if (record) written.push(record)
    }
    return written
  })

/** The hops that every writer has closed, from the first that anyone wrote. */
function naive(written: readonly Written[]) {
  const writerOf = ({ topic, partition, writer }: Written) => `${topic}/${partition}/${writer}`
  const closed = new Map<string, number>()
  for (const record of written) if (record.last) closed.set(writerOf(record), record.hop)
  const first = Math.min(...written.map(({ hop }) => hop))
  const last = Math.min(...closed.values())
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
    const hop = first + index
    const own = written.filter((record) => record.hop === hop && record.value !== null)
    return {
      hop,
      end_ms: (hop + 1) * HOP_MS,
      links: own
        .filter(({ topic }) => topic === 'links')
        .flatMap((record) => record.value?.active_accounts ?? [])
        .sort((a, b) => a - b),
      signals: own.filter(({ topic }) => topic === 'signals').length,
    }
  })
}
