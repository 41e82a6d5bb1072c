import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COUNTER_INDEX } from '../../../consumers/fingerprints/counters.ts'
import { decodePane, encodePane, mergePanes, paneOf } from '../../../consumers/fingerprints/pane.ts'
import { PaneRings, type Tier } from '../../../consumers/fingerprints/pane-rings.ts'
import { requestValue } from '../stream/records.ts'

const FIRST_HOP = 29_540_000
const TOTALS = { requests: 0, output_tokens: 0, last_seen_ms: 0 }

/** Requests by hop, with gaps from nothing to more than a day. */
const activity = fc
  .array(
    fc.record({
      gap: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 1, max: 3 }) },
        { weight: 3, arbitrary: fc.integer({ min: 4, max: 90 }) },
        { weight: 1, arbitrary: fc.integer({ min: 91, max: 2_000 }) },
      ),
      requests: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let hop = FIRST_HOP
    return steps.map(({ gap, requests }) => {
      hop += gap
      return { hop, requests }
    })
  })

function paneAt(hop: number, requests: number) {
  return paneOf(
    hop,
    Array.from({ length: requests }, (_, n) => requestValue(`e-${n}`, hop * 60_000)),
    new Set(),
    TOTALS,
  )
}

/** Requests in each window up to `hop`: the last five hops, and the twelve fives and twenty-four hours that hold it. */
function naive(past: readonly { hop: number; requests: number }[], hop: number): number[] {
  const froms = [hop - 4, (Math.floor(hop / 5) - 11) * 5, (Math.floor(hop / 60) - 23) * 60]
  return froms.map((from) =>
    past.filter((each) => each.hop >= from && each.hop <= hop).reduce((sum, { requests }) => sum + requests, 0),
  )
}

test('the windows of the rings are those of a recount, at every hop, and again after a restore', () => {
  fc.assert(
    fc.property(activity, fc.nat(1_600), (steps, silence) => {
      const rings = new PaneRings()
      const changelog = new Map<string, { tier: Tier; slot: number }>()
      const counts = (each: PaneRings, hop: number) =>
        each.windows(hop).map(({ panes }) => mergePanes(hop, panes).counts[COUNTER_INDEX.requests] ?? 0)
      for (const [index, { hop, requests }] of steps.entries()) {
        rings.add(paneAt(hop, requests), (tier, slot) => changelog.set(`${tier}-${slot}`, { tier, slot }))
        expect(counts(rings, hop)).toEqual(naive(steps.slice(0, index + 1), hop))
      }
      const later = steps.at(-1)!.hop + silence
      expect(counts(rings, later)).toEqual(naive(steps, later))
      const restored = new PaneRings()
      for (const { tier, slot } of changelog.values()) {
        const pane = rings.slot(tier, slot)
        if (pane) restored.restore(tier, slot, decodePane(encodePane(pane)))
      }
      expect(counts(restored, later)).toEqual(naive(steps, later))
    }),
    { numRuns: 150 },
  )
})
