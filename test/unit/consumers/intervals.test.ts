import { expect, test } from 'vitest'
import * as campaigns from '../../../consumers/campaigns/settings.ts'
import { paneLadder } from '../../../consumers/fingerprints/pane-ladder.ts'
import * as fingerprints from '../../../consumers/fingerprints/settings.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1_440 * MINUTE_MS

test.each([100, 1_000, 5_000, 10_000, 15_000, 60_000, 300_000])(
  'windows and intervals are as long with hops of %d ms as with any other',
  (hop_ms) => {
    const { hops, kept } = paneLadder(hop_ms)
    expect(hops.five * hop_ms).toBe(5 * MINUTE_MS)
    expect(hops.long * hop_ms).toBe(60 * MINUTE_MS)
    expect(hops.longest * hop_ms * kept.longest).toBe(DAY_MS)
    const stage1 = fingerprints.intervalsOf(fingerprints.fingerprintsSettings.parse({}), hop_ms)
    expect(stage1.snapshot_hops * hop_ms).toBe(15 * MINUTE_MS)
    expect(stage1.event_id_hops * hop_ms).toBe(60 * MINUTE_MS)
    const stage4 = campaigns.intervalsOf(campaigns.campaignsSettings.parse({}), hop_ms)
    expect(stage4.signal_ttl_hops * hop_ms).toBe(2 * DAY_MS)
  },
)

test.each([7_000, 45_000, 90_000, 400_000, 3_600_000, DAY_MS])(
  'with hops of %d ms, which do not divide five minutes, each pane is still a whole number of those before it',
  (hop_ms) => {
    const { hops, kept } = paneLadder(hop_ms)
    expect(hops.five).toBe(hops.hop * kept.hop)
    expect(hops.long).toBe(hops.five * kept.five)
    expect(hops.longest).toBe(hops.long * kept.long)
    expect(Math.min(...Object.values(kept))).toBeGreaterThanOrEqual(1)
    const day_ms = hops.longest * kept.longest * hop_ms
    expect(Math.abs(day_ms - DAY_MS)).toBeLessThanOrEqual((hops.longest * hop_ms) / 2)
  },
)
