import type { Stage } from '../../lib/stream/stage.ts'
import { EnforcementProcessor } from './processor.ts'
import type { EnforcementSettings } from './settings.ts'

/** Stage 5: from alerts to decisions that expire. Global: the breakers count over everything. */
export function enforcementStage(settings: EnforcementSettings): Stage {
  return {
    name: 'enforcement',
    scope: 'global',
    inputs: [
      { topic: 'alerts', role: 'hops', partitions: 'all', writers: 'same' },
      { topic: 'outcomes', role: 'table', partitions: 'all', effect: 'next_hop' },
    ],
    outputs: [{ topic: 'decisions', partitions: 'keyed', closesHops: false }],
    changelog: 'enforcement.state',
    create: () => new EnforcementProcessor(settings),
  }
}
