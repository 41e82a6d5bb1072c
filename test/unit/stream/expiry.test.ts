import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Changes } from '../../../lib/stream/changes.ts'
import { Expiry } from '../../../lib/stream/expiry.ts'
import { Rejections } from '../../../lib/stream/rejections.ts'
import { inputRecord } from './records.ts'

const BUCKET_MS = 10

describe('expiry', () => {
  test('finds the keys whose bucket has passed, as a look at all of them would', () => {
    const step = fc.record({ key: fc.nat(5), ttl_ms: fc.nat(80), wait_ms: fc.nat(30), forget: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const expiry = new Expiry<number>(BUCKET_MS)
        const times = new Map<number, number>()
        let now_ms = 0
        for (const { key, ttl_ms, wait_ms, forget } of steps) {
          if (forget) times.delete(key)
          else {
            times.set(key, now_ms + ttl_ms)
            expiry.schedule(key, now_ms + ttl_ms)
          }
          now_ms += wait_ms
          const now = Math.floor(now_ms / BUCKET_MS)
          const naive = [...times].filter(([, at_ms]) => Math.floor(at_ms / BUCKET_MS) < now).map(([each]) => each)
          const expired = expiry.take(now_ms, (each) => times.get(each) ?? null)
          expect(expired.sort()).toEqual(naive.sort())
          for (const each of expired) times.delete(each)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('a key scheduled behind the moment already reached is found at the next take', () => {
    const expiry = new Expiry<string>(BUCKET_MS)
    expect(expiry.take(1_000, () => null)).toEqual([])
    expiry.schedule('old', 5)
    expect(expiry.take(1_001, () => 5)).toEqual(['old'])
  })
})

describe('changes', () => {
  test('give each key once, in order, with its value at the time of draining', () => {
    const changes = new Changes()
    let value: null | { hop: number; active_accounts: number; erased_accounts: []; links: [] } = null
    changes.mark('b', () => value)
    changes.mark('a', () => null)
    changes.mark('b', () => value)
    value = { hop: 1, active_accounts: 2, erased_accounts: [], links: [] }
    expect(changes.drain()).toEqual([
      { key: 'a', value: null },
      { key: 'b', value },
    ])
    expect(changes.drain()).toEqual([])
  })
})

test('a key that is forgotten does not come due, and is in no bucket', () => {
  const expiry = new Expiry<string>(10)
  for (const time_ms of [5, 25]) expiry.schedule('gone', time_ms)
  expiry.schedule('stays', 25)
  expiry.forget('gone')
  expect(expiry.take(100, () => 25)).toEqual(['stays'])
})

describe('rejections', () => {
  const rejection = { reason: 'bad_avro', detail: '3 bytes' }

  test('leave together, and the position says how far they have left', () => {
    const rejections = new Rejections()
    rejections.add(inputRecord({ topic: 'requests', offset: 3 }), rejection)
    rejections.add(inputRecord({ topic: 'requests', offset: 5 }), rejection)
    expect(rejections.firstOffset('requests', 0)).toBe(3)
    expect(rejections.firstOffset('requests', 1)).toBe(Number.POSITIVE_INFINITY)
    expect(rejections.leftThrough('requests', 0)).toBe(0)
    expect(rejections.take().map(({ offset }) => offset)).toEqual([3, 5])
    expect(rejections.leftThrough('requests', 0)).toBe(6)
    expect(rejections.firstOffset('requests', 0)).toBe(Number.POSITIVE_INFINITY)
    expect(rejections.take()).toEqual([])
  })

  test.each([
    ['as this version writes it', 4],
    ['as the version before wrote it', null],
  ])('are not written twice after a restart from a position %s', (_, rejected_offset) => {
    const rejections = new Rejections()
    const end_offset = rejected_offset === null ? 4 : 2
    rejections.resume({ topic: 'requests', partition: 0, resume_offset: 0, end_offset, rejected_offset })
    for (const offset of [3, 4]) rejections.add(inputRecord({ topic: 'requests', offset }), rejection)
    expect(rejections.take().map(({ offset }) => offset)).toEqual([4])
  })

  test('count what they take in memory until they leave', () => {
    const rejections = new Rejections()
    const raw = { key: null, value: Buffer.alloc(10_000) }
    for (let offset = 0; offset < 100; offset++) {
      rejections.add(inputRecord({ topic: 'requests', offset, raw }), rejection)
    }
    expect(rejections.size_bytes).toBeGreaterThan(1_000_000)
    rejections.take()
    expect(rejections.size_bytes).toBe(0)
  })
})
