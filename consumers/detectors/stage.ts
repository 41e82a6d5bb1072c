import type { Stage } from '../../lib/stream/stage.ts'
import type { Detector } from './kit.ts'
import { DetectorsProcessor } from './processor.ts'
import type { DetectorsSettings } from './settings.ts'

/** Stage 2: every detector on every fingerprint, from fingerprints to signals. */
export function detectorsStage(detectors: readonly Detector[], settings: DetectorsSettings): Stage {
  return {
    name: 'detectors',
    scope: 'partitioned',
    inputs: [{ topic: 'fingerprints', role: 'hops', partitions: 'own', writers: 'same' }],
    outputs: [{ topic: 'signals', partitions: 'own', closesHops: true }],
    changelog: 'detectors.state',
    create: (context) => new DetectorsProcessor(context, detectors, settings),
  }
}
