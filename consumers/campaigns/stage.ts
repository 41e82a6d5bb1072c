import type { Stage } from '../../lib/stream/stage.ts'
import { CampaignsProcessor } from './processor.ts'
import type { CampaignsSettings } from './settings.ts'

/** Stage 4: from links and signals to campaigns and alerts. Global: a campaign knows no partition. */
export function campaignsStage(settings: CampaignsSettings, config_hash: string): Stage {
  return {
    name: 'campaigns',
    scope: 'global',
    inputs: [
      { topic: 'links', role: 'hops', partitions: 'all', writers: 'all' },
      { topic: 'signals', role: 'hops', partitions: 'all', writers: 'same' },
      { topic: 'outcomes', role: 'table', partitions: 'all', effect: 'next_hop' },
    ],
    outputs: [
      { topic: 'alerts', partitions: 'zero', closesHops: true },
      { topic: 'campaigns', partitions: 'zero', closesHops: false },
    ],
    changelog: 'campaigns.state',
    create: (context) => new CampaignsProcessor(context, settings, config_hash),
  }
}
