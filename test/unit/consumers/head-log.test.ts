import { expect, test } from 'vitest'
import { HEAD_BLOCKS_MS } from '../../../consumers/fingerprints/head-log.ts'
import { FingerprintsProcessor } from '../../../consumers/fingerprints/processor.ts'
import { fingerprintsSettings } from '../../../consumers/fingerprints/settings.ts'
import type { HopInput } from '../../../lib/stream/processor.ts'
import type { FingerprintState } from '../../../schemas/types.ts'
import { HOP_MS, requestValue, sourceRecords } from '../stream/records.ts'

const HEAD_HOPS = HEAD_BLOCKS_MS / HOP_MS

type Entries = Map<string, FingerprintState | null>

function open(settings: object = {}): FingerprintsProcessor {
  return new FingerprintsProcessor({ task: 0, partitions: 1, hop_ms: HOP_MS }, fingerprintsSettings.parse(settings))
}

/** A hop with one request of each account. */
function hopOf(hop: number, ...accounts: readonly string[]): HopInput {
  const requests = accounts.map((account_id) => ({ ...requestValue(`e-${hop}`, hop * HOP_MS), account_id }))
  return { hop, end_ms: (hop + 1) * HOP_MS, records: { requests: sourceRecords(requests) }, late: new Set() }
}

function run(processor: FingerprintsProcessor, hops: readonly HopInput[], entries: Entries = new Map()): Entries {
  for (const hop of hops) {
    processor.process(hop)
    for (const { key, value } of processor.drainChanges()) entries.set(key, value as FingerprintState | null)
  }
  return entries
}

function restoredFrom(entries: Entries, settings: object = {}): FingerprintsProcessor {
  const processor = open(settings)
  for (const [key, value] of entries) processor.restore({ key, value })
  processor.restored()
  return processor
}

/** Keys of what is in a changelog, with the numbers of blocks left out. */
function liveKeys(entries: Entries, part: string): string[] {
  return [...entries].flatMap(([key, value]) => (value !== null && key.includes(part) ? [key] : [])).sort()
}

test('the heads of a hop are one record, however many accounts were in it', () => {
  const accounts = Array.from({ length: 300 }, (_, n) => `a-${n}`)
  const entries = run(open(), [hopOf(5, ...accounts)])
  expect(liveKeys(entries, 'heads')).toHaveLength(1)
  expect(liveKeys(entries, '\u0000head')).toHaveLength(1)
  expect(restoredFrom(entries).counters()).toMatchObject({ accounts: 300 })
})

test('an account that falls silent gets a record of its own when the slot of its block is used again', () => {
  const processor = open()
  const entries = run(processor, [hopOf(0, 'quiet', 'busy'), hopOf(30, 'busy')])
  expect(liveKeys(entries, 'quiet')).toEqual([])
  run(processor, [hopOf(HEAD_HOPS, 'other')], entries)
  expect(liveKeys(entries, 'quiet')).toEqual(['quiet\u0000head'])
  expect(liveKeys(entries, 'busy')).toEqual([])
  run(processor, [hopOf(HEAD_HOPS + 1, 'quiet')], entries)
  const next = hopOf(HEAD_HOPS + 2, 'quiet', 'busy', 'other')
  const restored = restoredFrom(entries)
  expect(restored.process(next)).toEqual(processor.process(next))
  expect(restored.drainChanges()).toEqual(processor.drainChanges())
})

test('an account that was evicted does not come back from an older block', () => {
  const settings = { accounts_max: 1 }
  const processor = open(settings)
  const entries = run(processor, [hopOf(0, 'first'), hopOf(1, 'second')], new Map())
  expect(processor.counters()).toMatchObject({ accounts: 1, evicted_accounts: 1 })
  const restored = restoredFrom(entries, settings)
  const next = hopOf(2, 'second')
  expect(restored.counters()).toMatchObject({ accounts: 1 })
  expect(restored.process(next)).toEqual(processor.process(next))
})

test('heads that were written one by one are read, and those of a block are newer', () => {
  const processor = open()
  const entries = run(processor, [hopOf(0, 'quiet'), hopOf(HEAD_HOPS, 'other')])
  const older = new Map([...entries].filter(([key]) => key === 'quiet\u0000head'))
  expect(restoredFrom(older).counters()).toMatchObject({ accounts: 1 })
  run(processor, [hopOf(HEAD_HOPS + 20, 'quiet')], entries)
  const [[key, head]] = [...older] as [[string, FingerprintState | null]]
  // Whichever stands further on in the log.
  const last = new Map([...entries].filter(([each]) => each !== key))
  last.set(key, head)
  const next = hopOf(HEAD_HOPS + 21, 'quiet')
  expect(restoredFrom(last).process(next)).toEqual(processor.process(next))
})

test('a block of a form that this version does not know is refused by name', () => {
  const entries = run(open(), [hopOf(0, 'a')])
  const [key] = liveKeys(entries, 'heads')
  const value = entries.get(key!)!
  const bytes = Buffer.from(value.heads!.entries)
  bytes[0] = 2 * 9
  entries.set(key!, { ...value, heads: { hop: 0, entries: bytes } })
  expect(() => restoredFrom(entries)).toThrow(/heads of form 9/)
})
