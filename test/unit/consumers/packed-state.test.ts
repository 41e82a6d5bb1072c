import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AccountState, headOf } from '../../../consumers/fingerprints/account.ts'
import { AccountTable } from '../../../consumers/fingerprints/account-table.ts'
import { ByteReader, ByteWriter } from '../../../consumers/fingerprints/bytes.ts'
import { COUNTERS } from '../../../consumers/fingerprints/counters.ts'
import { readPane } from '../../../consumers/fingerprints/packed-pane.ts'
import { type Pane, paneOf } from '../../../consumers/fingerprints/pane.ts'
import { BlockDraft, PaneBlock } from '../../../consumers/fingerprints/pane-block.ts'
import { FingerprintsProcessor } from '../../../consumers/fingerprints/processor.ts'
import { fingerprintsSettings } from '../../../consumers/fingerprints/settings.ts'
import { localType, parseSchema } from '../../../lib/avro/record-types.ts'
import { Distinct } from '../../../lib/sketch/distinct.ts'
import { countedOf, Tally } from '../../../lib/sketch/heavy-hitters.ts'
import type { HopInput } from '../../../lib/stream/processor.ts'
import type { Account, FingerprintState } from '../../../schemas/types.ts'
import { holds } from '../../helpers/holds.ts'
import { accountValue, HOP_MS, requestValue, sourceRecords } from '../stream/records.ts'

const hash = fc.nat(2 ** 32 - 1).map((n) => n * 2 ** 20 + (n % 1_048_573))
const count = fc.oneof(
  fc.nat(200),
  fc.maxSafeNat().map((n) => n % 2 ** 50),
)

/** A list as a pane has it: each item once, the largest first. */
function listOf<Item extends number | string>(item: fc.Arbitrary<Item>, rank: fc.Arbitrary<number>, items_max = 12) {
  return fc
    .uniqueArray(fc.record({ item, count, rank }), { selector: (each) => each.item, maxLength: items_max })
    .map((all) => {
      const tally = new Tally<Item>()
      for (const each of all) tally.add(each.item, each.count, each.rank)
      tally.keepLargest(all.length)
      return tally
    })
}
const onces = listOf(hash, fc.constant(0), 4)
const distinct = fc.array(hash, { maxLength: 200 }).map(distinctOf)

function distinctOf(values: readonly number[]): Distinct {
  const all = new Distinct()
  for (const value of values) all.add(value)
  return all
}

/** The tuples that a pane lists, and all clients of it: no others, a few more, or so many that they are estimated. */
const tuples = fc
  .tuple(listOf(hash, fc.constant(0)), fc.oneof(fc.constant([]), fc.array(hash, { maxLength: 200 })))
  .map(([client_tuples, others]) => {
    const clients = distinctOf([...client_tuples.items.slice(0, client_tuples.length), ...others])
    return { client_tuples, clients }
  })
const withoutTuples = fc.record({
  counts: fc.array(fc.oneof(fc.constant(0), count), { minLength: COUNTERS.length, maxLength: COUNTERS.length }),
  networks: distinct,
  logit_bias_ids: distinct,
  models: listOf(fc.string({ unit: 'grapheme' }), fc.constant(0)),
  spans: listOf(hash, fc.nat(255)),
  prefixes: onces,
  bodies: onces,
  requests_total: count,
  output_tokens_total: count,
  last_seen_ms: count,
})
const pane: fc.Arbitrary<Pane> = fc.tuple(withoutTuples, tuples).map(([rest, clients]) => ({ ...rest, ...clients }))

/** A pane with its lists as objects, and its sketches as bytes. */
function plain(of: Pane) {
  return {
    counts: of.counts,
    networks: of.networks.encode(),
    clients: of.clients.encode(),
    logit_bias_ids: of.logit_bias_ids.encode(),
    lists: [countedOf(of.models), ...[of.spans, of.prefixes, of.bodies, of.client_tuples].map(countedOf)],
    totals: [of.requests_total, of.output_tokens_total, of.last_seen_ms],
  }
}

test('a packed pane comes back as it was, wherever in a block it stands', () => {
  fc.assert(
    fc.property(fc.array(pane, { minLength: 1, maxLength: 6 }), (panes) => {
      const draft = new BlockDraft()
      for (const [index, each] of panes.entries()) draft.add(1_000 - 7 * index, each)
      const [block] = draft.finish()
      const again = PaneBlock.decode(block!.bytes)
      for (const [index, each] of panes.entries()) {
        expect(plain(readPane(again.find(1_000 - 7 * index)!))).toEqual(plain(each))
      }
      expect(again.find(999)).toBeNull()
      const rest = again.without(new Set([1_000]))
      expect(rest?.find(1_000) ?? null).toBeNull()
      expect(rest?.length ?? 0).toBe(panes.length - 1)
      for (const [index, each] of panes.entries()) {
        if (index > 0) expect(plain(readPane(rest!.find(1_000 - 7 * index)!))).toEqual(plain(each))
      }
    }),
    { numRuns: 60 },
  )
})

test('a block says each model once however many accounts use it, and forgets it with the last of them', () => {
  const paneWith = (...models: string[]) =>
    paneOf(
      models.map((request_model, n) => ({ ...requestValue(`e-${n}`, 0), request_model })),
      new Set(),
      { requests: 0, output_tokens: 0, last_seen_ms: 0 },
    )
  const draft = new BlockDraft()
  // More than a block says once, and one that is too long for it.
  const own = Array.from({ length: 300 }, (_, n) => `model-of-b-${n}`)
  draft.add(1, paneWith('shared-model', 'x'.repeat(100)))
  draft.add(2, paneWith('shared-model'))
  for (const [n, model] of own.entries()) draft.add(3 + n, paneWith(model))
  const [block] = draft.finish()
  const modelsOf = (of: PaneBlock | null, number: number) =>
    countedOf(readPane(of!.find(number)!).models).map(({ item }) => item)
  expect(modelsOf(block!, 1).sort()).toEqual(['shared-model', 'x'.repeat(100)])
  expect(own.map((_, n) => modelsOf(block!, 3 + n))).toEqual(own.map((model) => [model]))
  const timesIn = (of: PaneBlock | null, text: string) => of!.bytes.toString('latin1').split(text).length - 1
  expect(timesIn(block!, 'shared-model')).toBe(1)
  const rest = block!.without(new Set([1, 3]))
  expect([timesIn(rest, 'shared-model'), timesIn(rest, 'x'.repeat(100)), timesIn(rest, 'model-of-b-0')]).toEqual([
    1, 0, 0,
  ])
  expect(modelsOf(rest, 302)).toEqual(['model-of-b-299'])
})

test('numbers, hashes and text survive packing, and a count beyond all counts becomes the largest one', () => {
  const writer = new ByteWriter()
  const hashes_all = [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 52 - 1, Number.MAX_SAFE_INTEGER, -1]
  for (const value of hashes_all) writer.hash(value)
  for (const value of [0, -1, 127, 2 ** 31, 2 ** 51, 2 ** 53]) writer.number(value)
  writer.text('Zürich \u{1f30a}')
  const reader = new ByteReader(writer.bytes, 0)
  expect(hashes_all.map(() => reader.hash())).toEqual(hashes_all)
  expect([1, 2, 3, 4, 5, 6].map(() => reader.number())).toEqual([0, -1, 127, 2 ** 31, 2 ** 51, 2 ** 51])
  expect(reader.text()).toBe('Zürich \u{1f30a}')
})

test('an account is the same after the table has packed it, and a free number goes to the next one', () => {
  const table = new AccountTable()
  const state = (account_id: string): AccountState => ({
    number: table.take(account_id),
    born_hop: 29_540_000,
    account_id,
    facts: {
      event_time_ms: 1_772_438_388_167,
      org_id: 'org-1',
      created_at_ms: null,
      plan: 'free',
      programme: null,
      verification: 'email',
      payment_hash: 2 ** 52 - 1,
      monthly_quota_tokens: 5_000_000,
      contract_flags: ['reseller'],
    },
    status: 'cleared',
    org_id: null,
    first_seen_ms: 1_772_438_388_000,
    last_seen_ms: 1_772_438_399_000,
    requests: 7,
    output_tokens: 900,
    snapshot: { hop: 29_540_001, requests: 5, profile: 3 },
    sighted: [{ kind: 'payment', object: 2 ** 52 - 3, hop: 29_540_001 }],
  })
  const states = ['a', 'b', 'c'].map(state)
  for (const each of states) table.save(each)
  for (const each of states) expect(table.load(each.account_id)).toEqual(each)
  table.delete('b')
  table.delete('a')
  expect([table.take('d'), table.take('e'), table.take('f')]).toEqual([0, 1, 3])
  expect(table.load('c')).toEqual(states[2])
})

test('an account that is deleted leaves nothing in the memory of the table', () => {
  const table = new AccountTable()
  const state = { ...newHead(), number: table.take('a-1'), org_id: 'org-of-a-1' }
  table.save(state)
  table.save({ ...state, status: 'banned', sighted: [{ kind: 'payment', object: 7, hop: 0 }] })
  expect(holds(table, 'a-1')).toBe(true)
  table.delete('a-1')
  expect(holds(table, 'a-1')).toBe(false)
})

test('what an account did before it was forgotten does not count for the one that has its number now', () => {
  const processor = new FingerprintsProcessor(
    { task: 0, partitions: 1, hop_ms: HOP_MS },
    fingerprintsSettings.parse({ accounts_max: 1 }),
  )
  const requestsIn = (hop: number, account_id: string) => {
    const [output] = processor.process(hopOf(hop, account_id, 3))
    const value = output?.topic === 'fingerprints' ? output.value : null
    return value && 'windows' in value ? value.lengths.map(({ place }) => value.windows[place]?.requests) : null
  }
  expect(requestsIn(100, 'a')).toEqual([3, 3, 3])
  processor.process(hopOf(101, 'b', 1))
  expect(processor.counters()).toMatchObject({ accounts: 1, evicted_accounts: 1 })
  expect(requestsIn(102, 'c')).toEqual([3, 3, 3])
  expect(requestsIn(103, 'a')).toEqual([3, 3, 3])
})

test('accounts that expire together have the same numbers afterwards as in a task that was restored before', () => {
  const settings = fingerprintsSettings.parse({ account_ttl_days: 0.1 })
  const context = { task: 0, partitions: 1, hop_ms: HOP_MS }
  const running = new FingerprintsProcessor(context, settings)
  const restored = new FingerprintsProcessor(context, settings)
  const hopWith = (hop: number, records: readonly Account[], ...accounts: readonly (string | number)[]) => {
    const input = hopOf(hop, ...accounts)
    return { ...input, records: { ...input.records, accounts: records } }
  }
  // 'gone' has no record and leaves its number; 'b' came before 'a', but stands behind it in the changelog.
  const past = [
    hopOf(0, 'gone', 1),
    hopWith(60, [accountValue('b', 60 * HOP_MS)], 'b', 1),
    hopWith(61, [accountValue('a', 61 * HOP_MS)], 'a', 1),
    hopOf(62, 'b', 5),
    hopOf(215, 'other', 1),
  ]
  for (const hop of past) {
    running.process(hop)
    for (const entry of running.drainChanges()) restored.restore(entry)
  }
  restored.restored()
  expect(running.counters()).toMatchObject({ expired_accounts: 1, accounts: 3 })
  const [changes, same] = [running, restored].map((processor) => {
    processor.process(hopOf(275, 'other', 1))
    return processor.drainChanges()
  })
  expect(running.counters()).toMatchObject({ expired_accounts: 3 })
  expect(same).toEqual(changes)
})

test('state larger than its limit loses its oldest panes first, with tombstones, and counts them', () => {
  const settings = fingerprintsSettings.parse({ state_bytes_max: 120_000 })
  const processor = new FingerprintsProcessor({ task: 0, partitions: 1, hop_ms: HOP_MS }, settings)
  const entries = new Map<string, FingerprintState | null>()
  for (let hop = 0; hop < 130; hop++) {
    processor.process(hopOf(hop, ...Array.from({ length: 300 }, (_, n) => [`a-${n}`, 1] as const).flat()))
    for (const { key, value } of processor.drainChanges()) entries.set(key, value as FingerprintState | null)
  }
  const { evicted_panes, evicted_accounts, accounts, state_bytes } = processor.counters()
  expect(evicted_panes).toBeGreaterThan(0)
  expect(state_bytes).toBeLessThanOrEqual(120_000)
  expect({ evicted_accounts, accounts }).toEqual({ evicted_accounts: 0, accounts: 300 })
  expect([...entries].filter(([key, value]) => key.includes('long') && value === null)).not.toEqual([])
  const restored = new FingerprintsProcessor({ task: 0, partitions: 1, hop_ms: HOP_MS }, settings)
  for (const [key, value] of entries) restored.restore({ key, value })
  restored.restored()
  expect(restored.counters()).toMatchObject({ accounts, state_bytes })
})

test('an entry of the form before blocks decodes, and is refused by name', () => {
  const older = {
    type: 'record',
    name: 'FingerprintState',
    namespace: 'hydrawatch',
    fields: [
      {
        name: 'pane',
        type: ['null', { type: 'record', name: 'Pane', fields: [{ name: 'index', type: 'long' }] }],
        default: null,
      },
    ],
  }
  const bytes = parseSchema(JSON.stringify(older)).toBuffer({ pane: { index: 5 } })
  const type = localType('fingerprints.state')
  const value: FingerprintState = type.fromBuffer(bytes, type.createResolver(parseSchema(JSON.stringify(older))))
  expect({ ...value }).toEqual({ position: null, head: null, block: null, event_ids: null, heads: null })
  const processor = new FingerprintsProcessor(
    { task: 0, partitions: 1, hop_ms: HOP_MS },
    fingerprintsSettings.parse({}),
  )
  expect(() => processor.restore({ key: 'a-1\u0000hop-3', value })).toThrow(/'hop-3' of a form/)
  const head = headOf({ ...newHead(), number: -1 })
  expect(() => processor.restore({ key: 'a-1\u0000head', value: { ...value, head } })).toThrow(/'head' of a form/)
  expect(() => processor.restore({ key: 'a-1\u0000hop-3', value: null })).not.toThrow()
})

function newHead(): AccountState {
  return {
    number: 0,
    born_hop: 0,
    account_id: 'a-1',
    facts: null,
    status: null,
    org_id: null,
    first_seen_ms: 0,
    last_seen_ms: 0,
    requests: 1,
    output_tokens: 0,
    snapshot: null,
    sighted: [],
  }
}

/** A hop with so many requests of each account: `'a', 3, 'b', 1`. */
function hopOf(hop: number, ...accounts: readonly (string | number)[]): HopInput {
  const requests = []
  for (let i = 0; i < accounts.length; i += 2) {
    for (let n = 0; n < Number(accounts[i + 1]); n++) {
      requests.push({ ...requestValue(`${hop}-${n}`, hop * HOP_MS), account_id: String(accounts[i]) })
    }
  }
  return { hop, end_ms: (hop + 1) * HOP_MS, records: { requests: sourceRecords(requests) }, late: new Set() }
}
