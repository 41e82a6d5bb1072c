import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addMark,
  commitDue_ms,
  type LagLook,
  lagState,
  MARKS_MAX,
  type ProgressMark,
} from '../../../lib/stream/lag-state.ts'

const HOP_MS = 60_000
const DUE_MS = 105_000

/** Commits a minute apart, the last one at `now`; of each what is given, by default far behind and never caught up. */
function marks(...given: Partial<ProgressMark>[]): ProgressMark[] {
  return given.map((mark, index) => ({
    committed_ms: (index - given.length + 1) * HOP_MS,
    hop: 100 + index,
    offset: 1_000 * (index + 1),
    lag: 5_000,
    isCaughtUp: false,
    ...mark,
  }))
}

function look(given: Partial<LagLook>): LagLook {
  return { marks: [], now_ms: 1_000, watched_ms: 10 * HOP_MS, work: 'due', isHeld: true, due_ms: DUE_MS, ...given }
}

describe('the state of a task', () => {
  it('is ok when there is nothing to do, however long ago the last commit was', () => {
    expect(lagState(look({ marks: marks({}, {}, {}), work: 'none', now_ms: 1e9 }))).toBe('ok')
  })

  it('is ok while only others can help, even when nobody holds it', () => {
    expect(lagState(look({ marks: marks({}, {}, {}), work: 'waits', now_ms: 1e9 }))).toBe('ok')
    expect(lagState(look({ work: 'waits', isHeld: false }))).toBe('ok')
  })

  it('is ok when it had caught up at any commit in the window', () => {
    expect(lagState(look({ marks: marks({ isCaughtUp: true }, { lag: 6_000 }, { lag: 7_000 }) }))).toBe('ok')
  })

  it('is ok when it has caught up at the only commit seen and the next is not due', () => {
    expect(lagState(look({ marks: marks({ isCaughtUp: true }), watched_ms: 0 }))).toBe('ok')
  })

  it('is ok while it is catching up', () => {
    expect(lagState(look({ marks: marks({ lag: 9_000 }, { lag: 9_500 }, { lag: 8_000 }) }))).toBe('ok')
  })

  it('is lagging when it moves, never reads up and is no closer than it was', () => {
    expect(lagState(look({ marks: marks({ lag: 8_000 }, { lag: 7_000 }, { lag: 8_000 }) }))).toBe('lagging')
    expect(lagState(look({ marks: marks({ lag: 8_000 }, { lag: 9_000 }, { lag: 10_000 }) }))).toBe('lagging')
  })

  it('is stalled when it commits and its offsets stand still', () => {
    expect(lagState(look({ marks: marks({ offset: 7 }, { offset: 7 }, { offset: 7 }) }))).toBe('stalled')
  })

  it('is stalled when it is held and silent for longer than all its commits took', () => {
    const three = marks({}, {}, {})
    expect(lagState(look({ marks: three, now_ms: 2 * HOP_MS }))).toBe('lagging')
    expect(lagState(look({ marks: three, now_ms: 2 * HOP_MS + 1 }))).toBe('stalled')
  })

  it('is not stalled before a commit is due, however fast the commits before came', () => {
    const burst = marks({}, {}, {}).map((mark, index) => ({ ...mark, committed_ms: index, isCaughtUp: true }))
    expect(lagState(look({ marks: burst, now_ms: 2 + DUE_MS }))).toBe('ok')
    expect(lagState(look({ marks: burst, now_ms: 3 + DUE_MS }))).toBe('stalled')
  })

  it('is stalled when it was watched for longer than a commit may take and made none', () => {
    expect(lagState(look({ watched_ms: DUE_MS + 1 }))).toBe('stalled')
    expect(lagState(look({ marks: marks({}), now_ms: 1e9, watched_ms: DUE_MS + 1 }))).toBe('stalled')
  })

  it('is stopped when there is work and nobody holds it', () => {
    expect(lagState(look({ isHeld: false, watched_ms: 0 }))).toBe('stopped')
    expect(lagState(look({ isHeld: false, marks: marks({ isCaughtUp: true }, {}, {}) }))).toBe('stopped')
  })

  it('is rewound when a hop went back, whatever came after it', () => {
    const back = marks({ hop: 200 }, { hop: 50 }, { hop: 300, isCaughtUp: true })
    expect(lagState(look({ marks: back }))).toBe('rewound')
    expect(lagState(look({ marks: back, work: 'none' }))).toBe('rewound')
  })

  it('is rewound when an offset without a hop went back, and not when an offset with one did', () => {
    expect(lagState(look({ marks: marks({ offset: 9 }, { offset: 3, hop: null }) }))).toBe('rewound')
    // Restored from its position, a task stands before the marker that it had read past.
    expect(lagState(look({ marks: marks({ offset: 9, isCaughtUp: true }, { offset: 8 }) }))).toBe('ok')
  })

  it('is unknown at the first look at a task that is behind', () => {
    expect(lagState(look({ watched_ms: 0 }))).toBe('unknown')
    expect(lagState(look({ marks: marks({}), now_ms: 1e9, watched_ms: 0 }))).toBe('unknown')
    expect(lagState(look({ marks: marks({}, {}) }))).toBe('unknown')
  })
})

const someMark = fc.record({
  committed_ms: fc.integer({ min: 0, max: 1e6 }),
  hop: fc.option(fc.integer({ min: 0, max: 20 })),
  offset: fc.integer({ min: 0, max: 5 }),
  lag: fc.integer({ min: 0, max: 5 }),
  isCaughtUp: fc.boolean(),
})
const someLook: fc.Arbitrary<LagLook> = fc
  .record({
    marks: fc.array(someMark, { maxLength: MARKS_MAX }),
    silence_ms: fc.integer({ min: 0, max: 2e6 }),
    watched_ms: fc.integer({ min: 0, max: 2e6 }),
    work: fc.constantFrom<LagLook['work']>('none', 'waits', 'due', 'due'),
    isHeld: fc.constantFrom(true, true, false, null),
    due_ms: fc.integer({ min: 1, max: 1e6 }),
  })
  .map(({ marks: unsorted, silence_ms, ...rest }) => {
    const sorted = [...unsorted].sort((a, b) => a.committed_ms - b.committed_ms)
    return { ...rest, marks: sorted, now_ms: (sorted.at(-1)?.committed_ms ?? 0) + silence_ms }
  })

function stretched(given: LagLook, factor: number, shift_ms: number): LagLook {
  const moved = given.marks.map((mark) => ({ ...mark, committed_ms: mark.committed_ms * factor + shift_ms }))
  const now_ms = given.now_ms * factor + shift_ms
  return { ...given, marks: moved, now_ms, watched_ms: given.watched_ms * factor, due_ms: given.due_ms * factor }
}

describe('no threshold', () => {
  it('gives the same state when all times are stretched and moved', () => {
    fc.assert(
      fc.property(
        someLook,
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 0, max: 1e12 }),
        (given, factor, shift_ms) => {
          expect(lagState(stretched(given, factor, shift_ms))).toBe(lagState(given))
        },
      ),
    )
  })

  it('gives the same state when all records are counted in another unit', () => {
    fc.assert(
      fc.property(someLook, fc.integer({ min: 1, max: 1_000 }), (given, factor) => {
        const counted = given.marks.map((mark) => ({ ...mark, lag: mark.lag * factor, offset: mark.offset * factor }))
        expect(lagState({ ...given, marks: counted })).toBe(lagState(given))
      }),
    )
  })

  it('never accuses a task that has nothing to do of anything but a rewind', () => {
    fc.assert(
      fc.property(someLook, (given) => {
        expect(['ok', 'rewound']).toContain(lagState({ ...given, work: 'waits' }))
      }),
    )
  })
})

describe('the window', () => {
  it('keeps the newest commits and knows one that it has seen', () => {
    let window: readonly ProgressMark[] = []
    const all = marks(...Array.from({ length: MARKS_MAX + 3 }, () => ({})))
    for (const mark of all) window = addMark(addMark(window, mark), { ...mark, lag: 1 })
    expect(window).toEqual(all.slice(-MARKS_MAX))
  })

  it('expects a commit within a hop, its bound and the silence', () => {
    expect(commitDue_ms({ length_ms: 60_000, bound_ms: 30_000, silence_ms: 15_000 })).toBe(DUE_MS)
  })
})
