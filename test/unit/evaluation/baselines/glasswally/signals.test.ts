import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../../../../lib/evaluation/baselines/glasswally/account-window.ts'
import { Hosting } from '../../../../../lib/evaluation/baselines/glasswally/hosting.ts'
import { Preambles } from '../../../../../lib/evaluation/baselines/glasswally/preamble.ts'
import { likeness, reasoning } from '../../../../../lib/evaluation/baselines/glasswally/reasoning.ts'
import { refusals } from '../../../../../lib/evaluation/baselines/glasswally/refusals.ts'
import { repetition } from '../../../../../lib/evaluation/baselines/glasswally/repetition.ts'
import { sessionGaps } from '../../../../../lib/evaluation/baselines/glasswally/session-gaps.ts'
import { SILENT, weighed } from '../../../../../lib/evaluation/baselines/glasswally/signal.ts'
import { Synchrony } from '../../../../../lib/evaluation/baselines/glasswally/synchrony.ts'
import { tokenBudget } from '../../../../../lib/evaluation/baselines/glasswally/token-budget.ts'
import { velocity } from '../../../../../lib/evaluation/baselines/glasswally/velocity.ts'

const MINUTE_MS = 60_000

function entry(time_ms: number, facts: Partial<Entry> = {}): Entry {
  const none = {
    max_tokens: null,
    system_hash: null,
    head_hash: null,
    structure: `${time_ms}`,
    cues: [],
    isRefused: false,
  }
  return { time_ms, tokens: 100 + (time_ms % 977), input_chars: 100 + (time_ms % 7_919), ...none, ...facts }
}

const every = (gap_ms: number, count: number, facts: (n: number) => Partial<Entry> = () => ({})) =>
  Array.from({ length: count }, (_, n) => entry(n * gap_ms, facts(n)))

describe('the signals of B6', () => {
  it('rates pace by the span of the requests and not by their number', () => {
    expect(velocity(every(10_000, 50)).score).toBeCloseTo(0.45 + 0.3, 9)
    expect(velocity(every(50_000, 50)).score).toBeCloseTo(0.25 + 0.3, 9)
    expect(velocity(every(5 * MINUTE_MS, 4))).toBe(SILENT)
  })

  it('sees sessions that start like a scheduler, and not those of a person', () => {
    expect(sessionGaps(every(10 * MINUTE_MS, 12)).score).toBeCloseTo(0.55 + 0.25, 9)
    expect(sessionGaps([0, 3, 60, 61, 200, 205, 230, 700].map((minute) => entry(minute * MINUTE_MS)))).toBe(SILENT)
  })

  it('sees output limits at a maximum, and limits that rise by a factor', () => {
    const swept = every(1_000, 8, (n) => ({ max_tokens: 16 * 2 ** (n % 5) }))
    const greedy = every(1_000, 8, () => ({ max_tokens: 4_096 }))
    const modest = every(1_000, 8, (n) => ({ max_tokens: [300, 700, 350][n % 3]! }))
    expect(tokenBudget(swept.at(-1)!, swept).score).toBeCloseTo(0.45, 9)
    expect(tokenBudget(greedy.at(-1)!, greedy).score).toBeCloseTo(0.3 + 0.1, 9)
    expect(tokenBudget(modest.at(-1)!, modest)).toBe(SILENT)
  })

  it('sees one beginning in most prompts of an hour', () => {
    const one = repetition(every(1_000, 50, (n) => ({ head_hash: n % 10 === 0 ? n : 1 })))
    const many = repetition(every(1_000, 50, (n) => ({ head_hash: n })))
    expect(one.score - many.score).toBeCloseTo(0.3, 9)
  })

  it('sees a system prompt that is repeated, and more when other accounts have it', () => {
    const preambles = new Preambles(10)
    const day = every(1_000, 5, () => ({ system_hash: 7 }))
    expect(preambles.add('a', day[0]!, day)).toEqual({ score: 0.35, confidence: 0.75 })
    preambles.add('b', day[0]!, day)
    expect(preambles.add('c', day[0]!, day)).toEqual({ score: 0.35 + 0.18, confidence: 0.9 })
  })

  it('counts accounts within a second, and the same account once', () => {
    const synchrony = new Synchrony()
    for (let n = 0; n < 20; n++) expect(synchrony.add('a', n)).toBe(SILENT)
    for (const id of ['b', 'c', 'd']) expect(synchrony.add(id, 500)).toBe(SILENT)
    expect(synchrony.add('e', 900)).toEqual({ score: 0, confidence: 5 / 12 })
    for (const id of ['f', 'g', 'h', 'i', 'j', 'k', 'l']) synchrony.add(id, 950)
    expect(synchrony.add('l', 960).score).toBe(0.5)
  })

  it('rates a cluster most of which is with one hosting provider above a single account there', () => {
    const hosting = new Hosting(10)
    const accounts = new Set(['a', 'b', 'c'])
    const group = {
      founder: 'a',
      accounts,
      organisations: accounts,
      payments: new Set<string>(),
      networks: new Set<string>(),
    }
    expect(hosting.add('a', 16_509, undefined).score).toBe(0.2)
    expect(hosting.add('x', 3_320, undefined)).toBe(SILENT)
    for (const id of accounts) hosting.add(id, 16_509, group)
    expect(hosting.add('a', 16_509, group).score).toBeCloseTo(0.2 + 0.5, 9)
  })

  it('looks at the share of patterns in an hour from its fifth request on', () => {
    const hour = every(1_000, 10, (n) => ({ cues: n < 2 ? (['reasoning'] as const) : [] }))
    expect(reasoning(hour[9]!, hour).score).toBeCloseTo(0.35, 9)
    expect(reasoning(hour[0]!, hour).score).toBeCloseTo(0.4 + 0.35, 9)
    expect(reasoning(hour[0]!, hour.slice(0, 4)).score).toBe(0.4)
    expect([likeness([59, 0]), likeness([0, 80]).score]).toEqual([SILENT, expect.closeTo(0.5, 9)])
  })

  it('stays between 0 and 1 whatever an account does', () => {
    const requests = fc.array(
      fc.record({
        gap_ms: fc.nat(10 * MINUTE_MS),
        tokens: fc.nat(5_000),
        input_chars: fc.nat(50_000),
        max_tokens: fc.option(fc.nat(200_000)),
        head_hash: fc.option(fc.nat(3)),
        isRefused: fc.boolean(),
      }),
      { minLength: 1, maxLength: 60 },
    )
    fc.assert(
      fc.property(requests, (steps) => {
        let time_ms = 0
        const day = steps.map(({ gap_ms, ...facts }) => {
          time_ms += gap_ms
          return entry(time_ms, facts)
        })
        const last = day.at(-1)!
        for (const signal of [velocity, sessionGaps, repetition, refusals]
          .map((of) => of(day))
          .concat(tokenBudget(last, day))) {
          const value = weighed(signal)
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})
