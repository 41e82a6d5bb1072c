import { expect, test } from 'vitest'
import { FingerprintsProcessor } from '../../../consumers/fingerprints/processor.ts'
import { fingerprintsSettings } from '../../../consumers/fingerprints/settings.ts'
import type { HopInput } from '../../../lib/stream/processor.ts'
import { HOP_MS, requestValue, sourceRecords } from '../stream/records.ts'

// Enough ids that taking them back makes the table of ids grow.
const IDS = 2_000

function newProcessor(): FingerprintsProcessor {
  return new FingerprintsProcessor({ task: 0, partitions: 1, hop_ms: HOP_MS }, fingerprintsSettings.parse({}))
}

function hopOfRequests(hop: number, names: readonly string[]): HopInput {
  const requests = sourceRecords(names.map((name) => requestValue(name, hop * HOP_MS)))
  return { hop, end_ms: (hop + 1) * HOP_MS, records: { requests }, late: new Set() }
}

test('event ids of hops that were committed together are all remembered after a restart', () => {
  const before = newProcessor()
  const names = (hop: number) => Array.from({ length: IDS }, (_, index) => `${hop}-${index}`)
  // Slots of the changelog are numbered; as text, 10 comes before 9.
  for (const hop of [9, 10]) before.process(hopOfRequests(hop, names(hop)))
  const after = newProcessor()
  for (const entry of before.drainChanges()) after.restore(entry)
  after.restored()
  after.process(hopOfRequests(11, [...names(9), ...names(10)]))
  expect(after.counters()).toMatchObject({ requests: 0, repeats: 2 * IDS })
})
