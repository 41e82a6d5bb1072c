import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COUNTER_INDEX } from '../../../consumers/fingerprints/counters.ts'
import { paneOf } from '../../../consumers/fingerprints/pane.ts'
import { PaneBlock } from '../../../consumers/fingerprints/pane-block.ts'
import { paneLadder, type Tier } from '../../../consumers/fingerprints/pane-ladder.ts'
import { type PaneOwner, PaneRings, type RingEvents } from '../../../consumers/fingerprints/pane-rings.ts'
import { requestValue } from '../stream/records.ts'

const FIRST_HOP = 29_540_000
const MINUTE_MS = 60_000
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
    Array.from({ length: requests }, (_, n) => requestValue(`e-${n}`, hop * MINUTE_MS)),
    new Set(),
    TOTALS,
  )
}

/** Requests in each window up to `hop`: the last five minutes, and the twelve fives and six stretches of four hours that hold it. */
function naive(past: readonly { hop: number; requests: number }[], hop: number, hop_ms = MINUTE_MS): number[] {
  const five = (5 * MINUTE_MS) / hop_ms
  const longest = 48 * five
  const froms = [hop - five + 1, (Math.floor(hop / five) - 11) * five, (Math.floor(hop / longest) - 5) * longest]
  return froms.map((from) =>
    past.filter((each) => each.hop >= from && each.hop <= hop).reduce((sum, { requests }) => sum + requests, 0),
  )
}

test('the windows of the rings are those of a recount, at every hop of whatever length, and again after a restore', () => {
  const lengths_ms = fc.constantFrom(MINUTE_MS, 10_000, 5_000, 5 * MINUTE_MS)
  fc.assert(
    fc.property(activity, fc.nat(1_600), lengths_ms, (steps, silence, hop_ms) => {
      const ladder = paneLadder(hop_ms)
      const changelog = new Map<string, { tier: Tier; slot: number; part: number }>()
      const changed: RingEvents['changed'] = (tier, slot, part) =>
        changelog.set(`${tier}-${slot}-${part}`, { tier, slot, part })
      const rings = new PaneRings(ladder, { changed, leaving: () => undefined })
      const counts = (each: PaneRings, hop: number) => requestsOf(each, OWNER, hop)
      for (const [index, { hop, requests }] of steps.entries()) {
        rings.close(hop, () => OWNER)
        rings.add(OWNER.number, paneAt(hop, requests))
        rings.finish(hop)
        expect(counts(rings, hop)).toEqual(naive(steps.slice(0, index + 1), hop, hop_ms))
      }
      const restored = new PaneRings(ladder, { changed: () => undefined, leaving: () => undefined })
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
        expect(counts(each, later)).toEqual(naive(steps, later, hop_ms))
      }
    }),
    { numRuns: 150 },
  )
})

test('an account that is erased leaves no pane, its neighbour keeps its own, and restored rings go on alike', () => {
  const other = { number: 4, born_hop: 0 }
  const actors = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 60, maxLength: 60 })
  fc.assert(
    fc.property(activity, actors, fc.boolean(), (steps, active, compacted) => {
      const erasedAt = Math.floor(steps.length / 2)
      const past = new Map([OWNER, other].map((owner) => [owner, [] as { hop: number; requests: number }[]]))
      const changelog: RingChange[] = []
      const running = recordedRings()
      const restored = recordedRings()
      for (const [index, { hop, requests }] of steps.entries()) {
        if (index === erasedAt) {
          running.rings.erase(new Set([OWNER.number]))
          expect([...running.rings.all()].filter(({ number }) => number === OWNER.number)).toEqual([])
          past.set(OWNER, [])
          changelog.push(...running.drain().changes)
          restored.restore(compacted ? lastOfEach(changelog) : changelog)
          expect(restored.rings.size_bytes).toBe(running.rings.size_bytes)
        }
        // The erased account, its neighbour, or both.
        const owners = [OWNER, other].filter((_, bit) => (active[index]! >> bit) % 2 === 1)
        for (const owner of owners) past.get(owner)!.push({ hop, requests })
        const [drained, again] = (index < erasedAt ? [running] : [running, restored]).map(({ rings, drain }) => {
          rings.close(hop, (number) => (number === OWNER.number ? OWNER : other))
          for (const { number } of owners) rings.add(number, paneAt(hop, requests))
          rings.finish(hop)
          for (const [owner, own] of past) expect(requestsOf(rings, owner, hop)).toEqual(naive(own, hop))
          return drain()
        })
        changelog.push(...drained!.changes)
        if (again) expect(again).toEqual(drained)
      }
    }),
    { numRuns: 200 },
  )
})

interface RingChange {
  readonly place: readonly [tier: Tier, slot: number, part: number]
  readonly entry: { readonly index: number; readonly bytes: Buffer } | null
}

/** Rings, and what a stage would write of them. */
function recordedRings() {
  const changed = new Map<string, RingChange['place']>()
  const left: [hop: number, panes: number[]][] = []
  const rings = new PaneRings(paneLadder(MINUTE_MS), {
    changed: (...place) => changed.set(place.join(), place),
    leaving: (blocks, lastHop) => left.push([lastHop, blocks.map(({ length }) => length)]),
  })
  const entryAt = ([tier, slot, part]: RingChange['place']): RingChange['entry'] => {
    const block = rings.block(tier, slot, part)
    return block && { index: rings.indexOf(tier, slot)!, bytes: block.bytes }
  }
  return {
    rings,
    /** Changes since the last call, as they are now, and the stretches that left. */
    drain() {
      const changes = [...changed.values()].map((place): RingChange => ({ place, entry: entryAt(place) }))
      changed.clear()
      return { changes: changes.sort((a, b) => (String(a.place) < String(b.place) ? -1 : 1)), left: left.splice(0) }
    },
    restore(changelog: Iterable<RingChange>) {
      for (const { place, entry } of changelog) {
        rings.restore(...place, entry && { index: entry.index, block: PaneBlock.decode(entry.bytes) })
      }
      rings.restored()
    },
  }
}

function lastOfEach(changelog: readonly RingChange[]): RingChange[] {
  const last = new Map(changelog.map(({ place }, index) => [String(place), index]))
  return changelog.filter(({ place }, index) => last.get(String(place)) === index)
}

/** Requests in each window of an account. */
function requestsOf(rings: PaneRings, owner: PaneOwner, hop: number): number[] {
  return rings.windows(owner, hop, null).map(({ content }) => content.merged().counts[COUNTER_INDEX.requests] ?? 0)
}
