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
