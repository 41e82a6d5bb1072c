import type { Stage } from '../../lib/stream/stage.ts'
import { FingerprintsProcessor } from './processor.ts'
import { REQUEST_FIELDS } from './request-fields.ts'
import type { FingerprintsSettings } from './settings.ts'

/** Stage 1: at full traffic, from requests to sliding-window fingerprints and sightings. */
export function fingerprintsStage(settings: FingerprintsSettings): Stage {
  return {
    name: 'fingerprints',
    scope: 'partitioned',
    inputs: [
      { topic: 'requests', role: 'source', partitions: 'own', fields: REQUEST_FIELDS },
      { topic: 'accounts', role: 'table', partitions: 'own', effect: 'hop_end' },
      { topic: 'outcomes', role: 'table', partitions: 'own', effect: 'next_hop' },
    ],
    outputs: [
      { topic: 'fingerprints', partitions: 'own', closesHops: true },
      { topic: 'sightings', partitions: 'all', closesHops: true },
    ],
    changelog: 'fingerprints.state',
    create: (context) => new FingerprintsProcessor(context, settings),
  }
}
