import { expect, test } from 'vitest'
import { FingerprintsProcessor } from '../../../consumers/fingerprints/processor.ts'
import { fingerprintsSettings } from '../../../consumers/fingerprints/settings.ts'
import { LinkageProcessor } from '../../../consumers/linkage/processor.ts'
import { linkageSettings } from '../../../consumers/linkage/settings.ts'
import { ERASED_PER_RECORD_MAX } from '../../../lib/stream/erasure.ts'
import type { HopInput, Output } from '../../../lib/stream/processor.ts'
import type { FingerprintState, LinkBatch, Outcome, SightingBatch } from '../../../schemas/types.ts'
import { HOP_MS, requestValue, sourceRecords } from '../stream/records.ts'

const PARTITIONS = 2

/** A hop with one request of each account, and erasures. */
function hopOf(hop: number, accounts: readonly string[], erased: readonly string[] = []): HopInput {
  const outcomes = erased.map(
    (account_id): Outcome => ({
      event_id: null,
      event_time_ms: (hop - 1) * HOP_MS,
      account_id,
      outcome: 'erased',
      alert_id: null,
      reason_code: null,
    }),
  )
  const requests = accounts.map((account_id) => ({ ...requestValue(`e-${hop}`, hop * HOP_MS), account_id }))
  const records = { requests: sourceRecords(requests), outcomes }
  return { hop, end_ms: (hop + 1) * HOP_MS, records, late: new Set() }
}

function fingerprints(): FingerprintsProcessor {
  return new FingerprintsProcessor({ task: 0, partitions: PARTITIONS, hop_ms: HOP_MS }, fingerprintsSettings.parse({}))
}

/** The newest entry of each key of panes, after every hop was processed. */
function panesOf(processor: FingerprintsProcessor, hops: readonly HopInput[]) {
  const entries = new Map<string, FingerprintState | null>()
  for (const hop of hops) {
    processor.process(hop)
    for (const { key, value } of processor.drainChanges()) {
      if (key.startsWith('\u0000panes')) entries.set(key, value as FingerprintState | null)
    }
  }
  return [...entries].filter(([, value]) => value !== null).sort(([a], [b]) => (a < b ? -1 : 1))
}

test('the panes of an account that is erased are those that would be there if it had never come', () => {
  // Hops of each length: single ones, fives, and an hour.
  const hops = [3, 4, 7, 12, 58, 59, 61, 64, 66, 127]
  const both = hops.map((hop) => hopOf(hop, ['a', 'b']))
  const alone = hops.map((hop) => hopOf(hop, ['a']))
  const erased = panesOf(fingerprints(), [...both, hopOf(128, ['a'], ['b'])])
  expect(erased).toEqual(panesOf(fingerprints(), [...alone, hopOf(128, ['a'])]))
  expect(erased).not.toEqual(panesOf(fingerprints(), [...both, hopOf(128, ['a'])]))
})

test('more erasures than one record takes are told to every task of the next stages, each once', () => {
  const accounts = Array.from({ length: 2 * ERASED_PER_RECORD_MAX + 1 }, (_, n) => `a-${n}`).sort()
  const stage1 = fingerprints()
  stage1.process(hopOf(0, accounts))
  const outputs = stage1.process(hopOf(1, [], accounts))
  expect(stage1.counters()).toMatchObject({ erased_accounts: accounts.length, accounts: 0 })
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const batches = valuesOf<SightingBatch>(outputs, 'sightings', partition)
    expect(batches.map(({ erased_accounts }) => erased_accounts.length)).toEqual([
      ERASED_PER_RECORD_MAX,
      ERASED_PER_RECORD_MAX,
      1,
    ])
    const linkage = new LinkageProcessor(linkageSettings.parse({}))
    const told = linkage.process({ hop: 1, end_ms: 2 * HOP_MS, records: { sightings: batches }, late: new Set() })
    const links = valuesOf<LinkBatch>(told, 'links', 0)
    expect(Math.max(...links.map(({ erased_accounts }) => erased_accounts.length))).toBe(ERASED_PER_RECORD_MAX)
    expect(links.flatMap(({ erased_accounts }) => erased_accounts)).toEqual(accounts)
  }
})

function valuesOf<Value>(outputs: readonly Output[], topic: Output['topic'], partition: number): Value[] {
  return outputs
    .filter((output) => output.topic === topic && output.partition === partition)
    .map(({ value }) => value as Value)
}
