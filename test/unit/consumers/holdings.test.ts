import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Holdings } from '../../../consumers/campaigns/holdings.ts'
import { LinkageProcessor } from '../../../consumers/linkage/processor.ts'
import { linkageSettings } from '../../../consumers/linkage/settings.ts'
import { Expiry } from '../../../lib/stream/expiry.ts'
import type { Link, LinkBatch, Sighting, SightingBatch } from '../../../schemas/types.ts'
import { contextIn } from '../../helpers/account-context.ts'

const HOUR_MS = 3_600_000
const HOURS = 100

const context = contextIn('org')
const use = { kind: 'span', object: 7, account_id: 'one', n: 1, first_ms: 0, cues: 0, context } as const

function linkAt(hour: number): Link {
  return { ...use, last_ms: hour * HOUR_MS, holders: 2, organisations: 2, expires_ms: (hour + 168) * HOUR_MS }
}

test('what an account is seen with every hour for days waits for its expiry once', () => {
  const schedule = vi.spyOn(Expiry.prototype, 'schedule')
  const holdings = new Holdings()
  const linkage = new LinkageProcessor(linkageSettings.parse({}))
  for (let hour = 0; hour < HOURS; hour++) {
    holdings.add(linkAt(hour))
    const sightings: Sighting[] = [{ ...use, last_ms: hour * HOUR_MS }]
    const records = { sightings: [{ hop: hour, active_accounts: 1, erased_accounts: [], sightings, accounts: [] }] }
    linkage.process({ hop: hour, end_ms: (hour + 1) * HOUR_MS, records, late: new Set() })
  }
  expect(schedule.mock.calls.length).toBe(2)
  schedule.mockRestore()
})

test('a holding that comes to expire earlier than it was to is let go earlier', () => {
  const holdings = new Holdings()
  holdings.add(linkAt(50))
  holdings.add(linkAt(0))
  expect(holdings.expire(170 * HOUR_MS)).toEqual([linkAt(0)])
})

const holdingChange = fc.record({
  does: fc.constantFrom('add', 'add', 'remove'),
  kind: fc.constantFrom('span', 'client'),
  object: fc.integer({ min: 0, max: 2 }),
  account_id: fc.constantFrom('one', 'two', 'three'),
  org_id: fc.constantFrom('org', 'other org'),
  last_seen_ms: fc.integer({ min: 0, max: 5 }),
} as const)

test('organisations of an object are those of the newest contexts of its holders, whenever they are asked for', () => {
  fc.assert(
    fc.property(fc.array(holdingChange, { maxLength: 60 }), (changes) => {
      const holdings = new Holdings()
      for (const { does, kind, object, account_id, org_id, last_seen_ms } of changes) {
        const link: Link = { ...linkAt(0), kind, object, account_id, context: { ...context, org_id, last_seen_ms } }
        if (does === 'add') holdings.add(link)
        else holdings.remove(link)
        for (const { key, object: held, holders } of holdings.objects.values()) {
          const organisations = [...holders.keys()].map((holder) => {
            const links = [...holdings.objects.values()].flatMap((each) => each.holders.get(holder) ?? [])
            const newest_ms = Math.max(...links.map((each) => each.context.last_seen_ms))
            const found = holdings.context(holder)!
            expect(found.last_seen_ms).toBe(newest_ms)
            expect(links.map((each) => each.context)).toContain(found)
            return found.org_id
          })
          // Objects of an even number are asked about all along, those of an odd number at the end.
          if (held % 2 === 0) expect(holdings.organisations(key)).toBe(new Set(organisations).size)
        }
      }
      for (const { key, holders } of holdings.objects.values()) {
        const organisations = [...holders.keys()].map((holder) => holdings.context(holder)!.org_id)
        expect(holdings.organisations(key)).toBe(new Set(organisations).size)
      }
    }),
    { seed: 1 },
  )
})

test('sightings by account link as those that have the context beside each use', () => {
  const { account_id: _, context: __, ...object } = use
  const [hop, end_ms] = [3, 4 * HOUR_MS]
  const used = { ...object, first_ms: end_ms - 2_000, last_ms: end_ms - 500 }
  const holders = ['one', 'two'].map((account_id) => ({ account_id, context: { ...context, org_id: account_id } }))
  const { first_ms: ___, last_ms: ____, ...same } = used
  const batch = { hop, active_accounts: 2, erased_accounts: [] }
  const forms: SightingBatch[] = [
    { ...batch, sightings: holders.map((holder) => ({ ...used, ...holder })), accounts: [] },
    {
      ...batch,
      sightings: [],
      accounts: holders.map((holder) => ({ ...holder, uses: [{ ...same, first_ago_ms: 2_000, last_ago_ms: 500 }] })),
    },
  ]
  const [before, now] = forms.map((each) => {
    const linkage = new LinkageProcessor(linkageSettings.parse({}))
    return linkage.process({ hop, end_ms, records: { sightings: [each] }, late: new Set() })
  })
  expect(now).toEqual(before)
  expect(now?.flatMap(({ value }) => (value as LinkBatch).links)).toMatchObject([
    { account_id: 'one', ...used },
    { account_id: 'two', ...used },
  ])
})
