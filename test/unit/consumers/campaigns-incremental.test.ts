import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CampaignsProcessor } from '../../../consumers/campaigns/processor.ts'
import { campaignsSettings } from '../../../consumers/campaigns/settings.ts'
import type { ChangelogEntry } from '../../../lib/stream/processor.ts'
import type { Campaign } from '../../../schemas/types.ts'
import { CAMPAIGN_HOP_MS, campaignHops } from '../../helpers/campaign-hops.ts'

const CONTEXT = { task: 0, partitions: 1, hop_ms: CAMPAIGN_HOP_MS }
const HOP_MINUTES = CAMPAIGN_HOP_MS / 60_000

// Little evidence does, so that two or three accounts that share two things make a cluster.
const EAGER = {
  organisations_min: 2,
  payment_log10_p_max: -0.3,
  relay_log10_p_max: -0.3,
  client_log10_p_max: -0.3,
  release_log10: 0.2,
  accuse_score_min: 0.0001,
  revision_interval_minutes: 3 * HOP_MINUTES,
  signal_ttl_minutes: 4 * HOP_MINUTES,
  outcome_ttl_days: 0.1,
  related_max: 3,
}

test.each([
  ['clusters are spoken of whole', {}],
  ['clusters are cut', { members_max: 3 }],
  ['related accounts outnumber members', { members_max: 2, related_max: 5 }],
])(
  'what is kept between hops says the same as what is made anew of the changelog at every hop, where %s',
  (_, also) => {
    const settings = campaignsSettings.parse({ ...EAGER, ...also })
    const statuses = new Set<string>()
    fc.assert(
      fc.property(campaignHops, (hops) => {
        const processor = new CampaignsProcessor(CONTEXT, settings, 'hash')
        const changelog = new Map<string, ChangelogEntry>()
        for (const hop of hops) {
          const anew = new CampaignsProcessor(CONTEXT, settings, 'hash')
          for (const entry of changelog.values()) anew.restore(structuredClone(entry))
          anew.restored()
          const expected = [anew.process(hop), anew.drainChanges()]
          const outputs = processor.process(hop)
          const changes = processor.drainChanges()
          expect([outputs, changes]).toEqual(expected)
          for (const { topic, value } of outputs) if (topic === 'campaigns') statuses.add((value as Campaign).status)
          for (const entry of changes) {
            if (entry.value === null) changelog.delete(entry.key)
            else changelog.set(entry.key, entry)
          }
        }
      }),
      { numRuns: 100, seed: 1 },
    )
    expect([...statuses].sort()).toEqual(['closed', 'merged', 'open', 'updated', 'withdrawn'])
  },
)
