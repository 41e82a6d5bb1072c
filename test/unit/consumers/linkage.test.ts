import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LinkageProcessor } from '../../../consumers/linkage/processor.ts'
import { linkageSettings } from '../../../consumers/linkage/settings.ts'
import type { ChangelogEntry } from '../../../lib/stream/processor.ts'
import type { LinkBatch, Sighting } from '../../../schemas/types.ts'
import { contextIn } from '../../helpers/account-context.ts'

const HOUR_MS = 3_600_000
const ACCOUNTS = { a1: 'A', a2: 'A', b1: 'B', b2: 'B', c1: 'C' } as const
const IDS = Object.keys(ACCOUNTS) as (keyof typeof ACCOUNTS)[]
const OBJECTS = [1, 2]

const hops = fc.array(
  fc.record({
    seen: fc.uniqueArray(fc.record({ account_id: fc.constantFrom(...IDS), object: fc.constantFrom(...OBJECTS) }), {
      maxLength: 4,
      selector: ({ account_id, object }) => `${account_id}/${object}`,
    }),
    erased: fc.option(fc.constantFrom(...IDS), { freq: 6 }),
    restarts: fc.boolean(),
  }),
  { minLength: 3, maxLength: 12 },
)

test('every holder of an object is told of once two organisations hold it, whoever came, went and restarted before', () => {
  let waited = 0
  fc.assert(
    fc.property(hops, (steps) => {
      let linkage = new LinkageProcessor(linkageSettings.parse({}))
      const changelog = new Map<string, ChangelogEntry>()
      const model = new Map<string, { isTold: boolean }>()
      for (const [hop, { seen, erased, restarts }] of steps.entries()) {
        const erased_accounts = erased === null ? [] : [erased]
        const sightings = seen.map((use) => sightingOf(use.account_id, use.object, hop))
        const records = { sightings: [{ hop, active_accounts: 1, erased_accounts, sightings, accounts: [] }] }
        const outputs = linkage.process({ hop, end_ms: (hop + 1) * HOUR_MS, records, late: new Set() })
        const links = outputs.flatMap(({ value }) => (value as LinkBatch).links)

        for (const object of OBJECTS) model.delete(`${erased}/${object}`)
        const expected: string[] = []
        for (const { account_id, object } of [...seen].sort((x, y) => (x.account_id < y.account_id ? -1 : 1))) {
          const own = `${account_id}/${object}`
          model.set(own, model.get(own) ?? { isTold: false })
          const holders = IDS.filter((id) => model.has(`${id}/${object}`))
          if (new Set(holders.map((id) => ACCOUNTS[id])).size < 2) continue
          for (const id of holders) {
            const key = `${id}/${object}`
            if (key !== own && model.get(key)!.isTold) continue
            if (key !== own) waited++
            model.set(key, { isTold: true })
            expected.push(key)
          }
        }
        expect(links.map(({ account_id, object }) => `${account_id}/${object}`).sort()).toEqual(expected.sort())

        for (const entry of linkage.drainChanges()) {
          if (entry.value === null) changelog.delete(entry.key)
          else changelog.set(entry.key, structuredClone(entry))
        }
        if (!restarts) continue
        linkage = new LinkageProcessor(linkageSettings.parse({}))
        for (const entry of changelog.values()) linkage.restore(structuredClone(entry))
        linkage.restored()
      }
    }),
    { numRuns: 500, seed: 1 },
  )
  expect(waited).toBeGreaterThan(100)
})

function sightingOf(account_id: keyof typeof ACCOUNTS, object: number, hop: number): Sighting {
  return {
    kind: 'span',
    object,
    account_id,
    n: 1,
    first_ms: hop * HOUR_MS,
    last_ms: hop * HOUR_MS,
    cues: 0,
    context: contextIn(ACCOUNTS[account_id]),
  }
}
