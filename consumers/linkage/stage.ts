import type { Stage } from '../../lib/stream/stage.ts'
import { LinkageProcessor } from './processor.ts'
import type { LinkageSettings } from './settings.ts'

/** Stage 3: from sightings to links between accounts that hold the same object. */
export function linkageStage(settings: LinkageSettings): Stage {
  return {
    name: 'linkage',
    scope: 'partitioned',
    inputs: [{ topic: 'sightings', role: 'hops', partitions: 'own', writers: 'all' }],
    outputs: [{ topic: 'links', partitions: 'zero', closesHops: true }],
    changelog: 'linkage.state',
    create: () => new LinkageProcessor(settings),
  }
}
