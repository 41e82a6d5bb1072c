import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ArrivalGuard, HELD_MAX } from '../../../../producers/intake/arrival.ts'
import { MINUTE_MS, START_MS, WEEK_MS } from './records.ts'

const HOUR_MS = 60 * MINUTE_MS

interface Entry {
  name: string
  time_ms: number
  isRequest?: boolean
}

function run(entries: readonly Entry[], clock?: () => number) {
  const accepted: Entry[] = []
  const refused: { name: string; reason: string }[] = []
  const guard = new ArrivalGuard<Entry>({
    accept: (entry) => accepted.push(entry),
    refuse: ({ name }, { reason }) => refused.push({ name, reason }),
    clock,
  })
  let heldEntries = 0
  for (const entry of entries) {
    const held = guard.push({ item: entry, time_ms: START_MS + entry.time_ms, isRequest: entry.isRequest ?? true })
    if (held) heldEntries += 1
  }
  guard.end()
  return { accepted, refused, heldEntries }
}

/** One request every ten seconds. */
const steady = (count: number, from_ms = 0): Entry[] =>
  Array.from({ length: count }, (_, i) => ({ name: `r${from_ms + i * 10_000}`, time_ms: from_ms + i * 10_000 }))

const absurd: Entry = { name: 'absurd', time_ms: WEEK_MS }

describe('a request a week ahead', () => {
  test.each([
    ['at the start', 0, 200],
    ['second', 1, 200],
    ['within the first fifty', 49, 200],
    ['in the middle', 100, 200],
    ['at the end', 200, 200],
    ['at the start of a short file', 0, 5],
    ['in the middle of a short file', 3, 6],
    ['at the end of a short file', 5, 5],
  ])('%s is refused and nothing else is', (_, at, count) => {
    const normal = steady(count)
    const { accepted, refused } = run([...normal.slice(0, at), absurd, ...normal.slice(at)])
    expect(refused).toEqual([{ name: 'absurd', reason: 'time_ahead' }])
    expect(accepted).toEqual(normal)
  })

  test('as the fiftieth of fifty that confirm a gap is refused and the gap is believed', () => {
    const normal = [...steady(60), ...steady(120, 24 * HOUR_MS)]
    const { accepted, refused } = run([...normal.slice(0, 109), absurd, ...normal.slice(109)])
    expect(refused).toEqual([{ name: 'absurd', reason: 'time_ahead' }])
    expect(accepted).toEqual(normal)
  })

  test('is refused in a sparse log too, in its middle and at its end', () => {
    const sparse = Array.from({ length: 200 }, (_, i) => ({ name: `s${i}`, time_ms: i * 20 * MINUTE_MS }))
    const later = { name: 'later', time_ms: 3 * WEEK_MS }
    const { accepted, refused } = run([...sparse.slice(0, 90), later, ...sparse.slice(90), { ...later }])
    expect(refused.map(({ name }) => name)).toEqual(['later', 'later'])
    expect(accepted).toEqual(sparse)
  })
})

test('times of 1970 and of the year 2200 are out of range wherever they stand', () => {
  const normal = steady(120)
  const zero = { name: 'zero', time_ms: -START_MS }
  const far = { name: 'far', time_ms: Date.UTC(2200, 0, 1) - START_MS }
  const { accepted, refused } = run([zero, ...normal.slice(0, 60), far, zero, ...normal.slice(60), zero, far])
  expect(refused.map(({ reason }) => reason)).toEqual(Array(5).fill('time_out_of_range'))
  expect(accepted).toEqual(normal)
})

test('an overnight gap is believed, and so is one short of the end of the file', () => {
  const normal = [...steady(80), ...steady(70, 20 * HOUR_MS), ...steady(4, 60 * HOUR_MS)]
  expect(run(normal)).toMatchObject({ accepted: normal, refused: [] })
})

test('one request after a gap at the end of the file is believed under twelve hours and not beyond', () => {
  const after = (hours: number) => run([...steady(80), { name: 'last', time_ms: hours * HOUR_MS }]).refused.length
  expect([after(11), after(13)]).toEqual([0, 1])
})

test('a week back at the start costs nothing that follows', () => {
  const normal = [{ name: 'old', time_ms: -WEEK_MS }, ...steady(100)]
  expect(run(normal)).toMatchObject({ accepted: normal, refused: [] })
})

test.each([10, 29])('a request hours late after %i others costs none of them', (at) => {
  const normal = steady(30)
  const late: Entry = { name: 'late', time_ms: -2 * HOUR_MS }
  const { accepted, refused } = run([...normal.slice(0, at), late, ...normal.slice(at)])
  expect(refused).toEqual([])
  expect(accepted.filter((entry) => entry !== late)).toEqual(normal)
})

test('a straggler behind a gap does not undo the gap', () => {
  const normal = [...steady(60), ...steady(30, 24 * HOUR_MS)]
  const straggler: Entry = { name: 'straggler', time_ms: 600_000 }
  const { accepted, refused } = run([...normal.slice(0, 80), straggler, ...normal.slice(80)])
  expect(refused).toEqual([])
  expect(accepted.filter((entry) => entry !== straggler)).toEqual(normal)
})

test('what is not a request moves no watermark and keeps its place among the requests', () => {
  const account = (name: string): Entry => ({ name, time_ms: 2 * WEEK_MS, isRequest: false })
  const normal = steady(120)
  const entries = [account('a'), ...normal.slice(0, 60), absurd, account('b'), ...normal.slice(60), account('c')]
  const { accepted, refused } = run(entries)
  expect(accepted).toEqual(entries.filter((entry) => entry !== absurd))
  expect(refused).toHaveLength(1)
})

test('the queue behind a held request is bounded, and at the bound it is decided as at the end', () => {
  const accounts = Array.from({ length: 3 * HELD_MAX }, (_, i) => ({ name: `a${i}`, time_ms: i, isRequest: false }))
  const { accepted, refused, heldEntries } = run([...steady(60), absurd, ...accounts])
  expect(refused).toEqual([{ name: 'absurd', reason: 'time_ahead' }])
  expect(accepted).toHaveLength(60 + accounts.length)
  expect(heldEntries).toBeLessThanOrEqual(60 + HELD_MAX)
})

test('live, the clock decides and nothing is held', () => {
  const now = () => START_MS
  const entries = [
    { name: 'now', time_ms: 0 },
    { name: 'soon', time_ms: 9 * MINUTE_MS },
    { name: 'ahead', time_ms: HOUR_MS },
  ]
  const { accepted, refused, heldEntries } = run(entries, now)
  expect(accepted.map(({ name }) => name)).toEqual(['now', 'soon'])
  expect(refused).toEqual([{ name: 'ahead', reason: 'time_ahead' }])
  expect(heldEntries).toBe(0)
})

test('everything is accepted or refused exactly once, and what is accepted keeps its order', () => {
  const entry = fc.record({
    time_ms: fc.oneof(fc.integer({ min: 0, max: 2 * HOUR_MS }), fc.integer({ min: -WEEK_MS, max: WEEK_MS })),
    isRequest: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 300 }), (times) => {
      const entries = times.map((entry, i) => ({ name: String(i), ...entry }))
      const { accepted, refused } = run(entries)
      const refusedNames = new Set(refused.map(({ name }) => name))
      expect(refusedNames.size).toBe(refused.length)
      expect(accepted).toEqual(entries.filter(({ name }) => !refusedNames.has(name)))
    }),
  )
})
