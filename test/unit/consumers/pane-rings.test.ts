import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COUNTER_INDEX } from '../../../consumers/fingerprints/counters.ts'
import { mergePanes, paneOf } from '../../../consumers/fingerprints/pane.ts'
import { PaneBlock } from '../../../consumers/fingerprints/pane-block.ts'
import { PaneRings, type RingEvents, type Tier } from '../../../consumers/fingerprints/pane-rings.ts'
import { requestValue } from '../stream/records.ts'

const FIRST_HOP = 29_540_000
const OWNER = { number: 3, born_hop: 0 }
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
      const changelog = new Map<string, { tier: Tier; slot: number; part: number }>()
      const changed: RingEvents['changed'] = (tier, slot, part) =>
        changelog.set(`${tier}-${slot}-${part}`, { tier, slot, part })
      const rings = new PaneRings({ changed, leaving: () => undefined })
      const counts = (each: PaneRings, hop: number) =>
        each.windows(OWNER, hop, null).map(({ panes }) => mergePanes(panes).counts[COUNTER_INDEX.requests] ?? 0)
      for (const [index, { hop, requests }] of steps.entries()) {
        rings.close(hop, () => OWNER)
        rings.add(OWNER.number, paneAt(hop, requests))
        rings.finish(hop)
        expect(counts(rings, hop)).toEqual(naive(steps.slice(0, index + 1), hop))
      }
      const restored = new PaneRings({ changed: () => undefined, leaving: () => undefined })
      for (const { tier, slot, part } of changelog.values()) {
        const block = rings.block(tier, slot, part)
        const entry = block && { index: rings.indexOf(tier, slot)!, block: PaneBlock.decode(block.bytes) }
        restored.restore(tier, slot, part, entry)
      }
      restored.restored()
      expect(restored.size_bytes).toBe(rings.size_bytes)
      const later = steps.at(-1)!.hop + silence
      for (const each of [rings, restored]) {
        each.close(later, () => OWNER)
        expect(counts(each, later)).toEqual(naive(steps, later))
      }
    }),
    { numRuns: 150 },
  )
})
