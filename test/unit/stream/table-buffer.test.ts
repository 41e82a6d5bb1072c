import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TableBuffer } from '../../../lib/stream/table-buffer.ts'
import { TableInputs } from '../../../lib/stream/table-inputs.ts'
import { accountValue, HOP_MS, inputRecord } from './records.ts'

describe('a table buffer', () => {
  test('gives values in order of event time, and those of one moment in order of arrival', () => {
    const buffer = new TableBuffer<string>()
    buffer.offer(0, 50, 'b')
    buffer.offer(1, 10, 'a')
    buffer.offer(2, 50, 'c')
    buffer.offer(3, 100, 'd')
    expect(buffer.take(100)).toEqual(['a', 'b', 'c'])
    expect(buffer.take(101)).toEqual(['d'])
  })

  test('a value that comes behind the moment already reached takes effect at the next one', () => {
    const buffer = new TableBuffer<string>()
    expect(buffer.take(100)).toEqual([])
    buffer.offer(0, 10, 'late')
    expect(buffer.take(200)).toEqual(['late'])
  })

  test('a restart at any moment neither loses nor repeats a value', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('offer' as const), ms: fc.nat(200) }),
      fc.record({ kind: fc.constant('take' as const), ms: fc.nat(40) }),
      fc.record({ kind: fc.constant('restart' as const), ms: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const taken = { undisturbed: [] as number[][], restarted: [] as number[][] }
        const undisturbed = new TableBuffer<number>()
        let restarted = new TableBuffer<number>()
        const times: number[] = []
        let now_ms = 0
        for (const { kind, ms } of steps) {
          if (kind === 'offer') {
            for (const buffer of [undisturbed, restarted]) buffer.offer(times.length, ms, times.length)
            times.push(ms)
          }
          if (kind === 'take') {
            now_ms += ms
            taken.undisturbed.push(undisturbed.take(now_ms))
            taken.restarted.push(restarted.take(now_ms))
          }
          if (kind !== 'restart') continue
          const position = restarted.position()
          restarted = new TableBuffer<number>()
          restarted.resume(position, now_ms)
          times.forEach((time_ms, offset) => {
            if (offset >= position.resume_offset) restarted.offer(offset, time_ms, offset)
          })
        }
        expect(taken.restarted).toEqual(taken.undisturbed)
      }),
      { numRuns: 500 },
    )
  })
})

describe('table inputs', () => {
  const tables = () =>
    new TableInputs(
      [
        { input: { topic: 'accounts', role: 'table', partitions: 'own', effect: 'hop_end' }, partition: 2 },
        { input: { topic: 'outcomes', role: 'table', partitions: 'own', effect: 'next_hop' }, partition: 2 },
      ],
      HOP_MS,
    )
  const record = (topic: 'accounts' | 'outcomes', offset: number, time_ms: number) =>
    inputRecord({ topic, offset, partition: 2, value: accountValue(`${topic}-${offset}`, time_ms) })
  const idsOf = (taken: ReturnType<TableInputs['take']>) =>
    [...taken.values()].flat().map((value) => ('account_id' in value ? value.account_id : ''))

  test('an account counts at the end of its hop, an outcome one hop later', () => {
    const inputs = tables()
    inputs.offer(record('accounts', 0, HOP_MS - 1))
    inputs.offer(record('outcomes', 0, HOP_MS - 1))
    expect(idsOf(inputs.take(HOP_MS))).toEqual(['accounts-0'])
    expect(idsOf(inputs.take(2 * HOP_MS))).toEqual(['outcomes-0'])
  })

  test('take what is theirs and leave the rest', () => {
    const inputs = tables()
    expect(inputs.offer(record('accounts', 0, 0))).toBe(true)
    expect(inputs.offer(inputRecord({ topic: 'accounts', offset: 0, partition: 1 }))).toBe(false)
    expect(inputs.offer(inputRecord({ topic: 'requests', offset: 0, partition: 2 }))).toBe(false)
  })

  test('a tombstone moves the position and is no value', () => {
    const inputs = tables()
    inputs.offer(inputRecord({ topic: 'accounts', offset: 7, partition: 2 }))
    expect(idsOf(inputs.take(HOP_MS))).toEqual([])
    expect(inputs.positions()[0]).toEqual({ topic: 'accounts', partition: 2, resume_offset: 8, end_offset: 8 })
  })

  test('what waits for its hop is read again after a restart, what took effect is not', () => {
    const before = tables()
    const records = [record('outcomes', 0, 10), record('outcomes', 1, HOP_MS + 10)]
    for (const each of records) before.offer(each)
    expect(idsOf(before.take(2 * HOP_MS))).toEqual(['outcomes-0'])
    const after = tables()
    after.resume(before.positions(), 2 * HOP_MS)
    for (const each of records) after.offer(each)
    expect(idsOf(after.take(3 * HOP_MS))).toEqual(['outcomes-1'])
  })
})

test('a table that is far ahead of event time, such as a month of accounts, has a position', () => {
  const buffer = new TableBuffer<number>()
  for (let offset = 0; offset < 300_000; offset++) buffer.offer(offset, 1_000 + offset, offset)
  expect(buffer.take(1_001)).toEqual([0])
  expect(buffer.position()).toEqual({ resume_offset: 1, end_offset: 300_000 })
})
