import { describe, expect, it } from 'vitest'
import { PROFILES } from '../../../lib/evaluation/profiles.ts'
import { servegenPaces } from '../../../producers/simulator/pace/pace.ts'
import { simulate } from '../../../producers/simulator/simulate.ts'

const MOMENT_DAYS = 1e-3

describe('the profiles', () => {
  for (const { name, parts } of PROFILES) {
    const { accounts, rate, scenarios } = parts.find((part) => part.name === 'benign-fortnight')!

    it(`have the pace of every real client in the benign fortnight of ${name}`, () => {
      const simulation = simulate({ seed: 1, days: MOMENT_DAYS, accounts, rate, scenarios })
      const organisations = new Map<string, string>()
      for (const event of simulation.events)
        if ('account_id' in event && 'org_id' in event)
          organisations.set(String(event.account_id), String(event.org_id))
      const dealt = new Set<string>()
      for (const { account_id, role } of simulation.labels())
        if (role === 'api') dealt.add(organisations.get(account_id)!)
      // Each is dealt once before any comes again, one to an organisation with programs.
      expect(dealt.size).toBeGreaterThanOrEqual(servegenPaces().length)
    })
  }
})
