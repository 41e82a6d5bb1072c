import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readPane } from '../../../consumers/fingerprints/packed-pane.ts'
import { mergePanes, type Pane, PaneSum, paneOf } from '../../../consumers/fingerprints/pane.ts'
import { BlockDraft, type PaneBlock } from '../../../consumers/fingerprints/pane-block.ts'
import { countedOf } from '../../../lib/sketch/heavy-hitters.ts'
import type { Request } from '../../../schemas/types.ts'
import { requestValue } from '../stream/records.ts'

const TOTALS = { requests: 0, output_tokens: 0, last_seen_ms: 0 }
// Within what a pane's lists hold: beyond, they keep the largest, and an order of merging may decide between equals.
const NAMES = ['a', 'b', 'c', 'd']

const request = fc
  .record({
    model: fc.constantFrom(...NAMES),
    network: fc.option(fc.nat(60)),
    tuple: fc.option(fc.nat(8)),
    tokens: fc.nat(5_000),
    time_ms: fc.nat(10_000_000),
  })
  .map(({ model, network, tuple, tokens, time_ms }): Request => {
    const plain = requestValue('e', time_ms)
    return {
      ...plain,
      request_model: model,
      client: { ...plain.client, network_hash: network, tuple_hash: tuple },
      usage: { ...plain.usage, output_tokens: tokens },
    }
  })

/** The panes of an account, hop by hop, each with the totals of those before it. */
const panes = fc
  .array(fc.array(request, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 6 })
  .map((hops) => {
    let before = TOTALS
    return hops.map((requests) => {
      const pane = paneOf(requests, new Set(), before)
      before = {
        requests: pane.requests_total,
        output_tokens: pane.output_tokens_total,
        last_seen_ms: pane.last_seen_ms,
      }
      return { requests, pane }
    })
  })

function packed(pane: Pane): string {
  return blockOf(pane).bytes.toString('hex')
}

function blockOf(pane: Pane): PaneBlock {
  const draft = new BlockDraft()
  draft.add(0, pane)
  return draft.finish()[0]!
}

test('panes merge to the same pane in whichever portions, to the byte', () => {
  fc.assert(
    fc.property(panes, fc.nat(), (hops, cut) => {
      const all = hops.map(({ pane }) => pane)
      const at = 1 + (cut % (all.length - 1))
      const inPortions = mergePanes([mergePanes(all.slice(0, at)), mergePanes(all.slice(at))])
      expect(packed(inPortions)).toBe(packed(mergePanes(all)))
    }),
  )
})

test('merged panes are the pane of all their requests', () => {
  fc.assert(
    fc.property(panes, (hops) => {
      const merged = mergePanes(hops.map(({ pane }) => pane))
      const whole = paneOf(
        hops.flatMap(({ requests }) => requests),
        new Set(),
        TOTALS,
      )
      expect(packed(merged)).toBe(packed(whole))
    }),
  )
})

test('a pane is read back as it was written', () => {
  fc.assert(
    fc.property(panes, (hops) => {
      const single = hops.map(({ pane }) => pane)
      for (const pane of [...single, mergePanes(single)]) {
        const read = readPane(blockOf(pane).placeAt(0))
        // The sketches can only be compared by their bytes.
        expect(packed(read)).toBe(packed(pane))
        expect(countedOf(read.models)).toEqual(countedOf(pane.models))
        expect(countedOf(read.client_tuples)).toEqual(countedOf(pane.client_tuples))
        expect([read.counts, read.requests_total, read.last_seen_ms]).toEqual([
          pane.counts,
          pane.requests_total,
          pane.last_seen_ms,
        ])
      }
    }),
  )
})

test('memory that has held other panes gives the same pane and the same merger', () => {
  fc.assert(
    fc.property(fc.array(panes, { minLength: 2, maxLength: 4 }), (accounts) => {
      const used = new PaneSum()
      for (const hops of accounts) {
        for (const { requests, pane } of hops) {
          const { requests_total, output_tokens_total } = pane
          const before = {
            requests: requests_total - requests.length,
            output_tokens: output_tokens_total - requests.reduce((sum, { usage }) => sum + usage.output_tokens, 0),
            last_seen_ms: pane.last_seen_ms,
          }
          expect(packed(paneOf(requests, new Set(), before, used))).toBe(packed(pane))
        }
        used.clear()
        for (const { pane } of hops) used.add(pane)
        expect(packed(used.finish())).toBe(packed(mergePanes(hops.map(({ pane }) => pane))))
      }
    }),
  )
})
