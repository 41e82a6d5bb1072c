import { pickSystem } from '../../sample/prompts.ts'
import type { Actor, Content } from '../actor.ts'
import { pickHabits } from '../habits.ts'
import { atTimes, established, keysOf, turnSize } from '../honest/cast.ts'
import { createKeyPool } from '../honest/key-pool.ts'
import { randomHex } from '../ids.ts'
import { peoplePace } from '../pace/pace.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import type { Scenario } from '../stage.ts'
import { answer, question } from '../texts.ts'

const CALLS_PER_KEY_AND_DAY = 350
const USERS = 3_000

/** An aggregator in the manner of OpenRouter: strangers' text of every kind, stripped of who they are, over a pool. */
export const reseller: Scenario = {
  name: 'H4',
  summary: 'reseller: thousands of end users behind a pool of keys, metadata stripped, failover on 429',
  label: 'benign',
  accounts: 12,
  accounts_min: 4,
  run(stage, settings) {
    const { random, library, window, world } = stage
    const org = world.organisation(random, {
      plan: 'enterprise',
      network: 'cloud',
      created_ms: established(stage),
      client: world.frozenClient(random.int(6)),
    })
    org.addresses.push(world.address(random, 'cloud'))
    const keys = keysOf(stage, org, settings, 'reseller-key')
    const known = random.chance(0.5)
    const path = known ? `reseller:${randomHex(random, 6)}` : 'first_party'
    for (const key of keys) {
      key.access_path = path
      key.device_id = null
      if (known) key.record.contract_flags = ['reseller']
    }
    const pool = createKeyPool(keys, window.start_ms)
    const perDay = CALLS_PER_KEY_AND_DAY * settings.rate * keys.length
    stage.spawn(atTimes(stage, arrivalTimes(peoplePace(), perDay, window, 0, random), relayed))

    function* relayed(at_ms: number): Actor {
      const system = pickSystem(library, `org-user${random.int(USERS)}`, random)
      const text = question(library, random)
      const output = answer(library, random)
      const content = (): Content => ({ system, messages: [{ role: 'user', content: text }], output })
      const params = pickHabits(random.pick(['chat', 'chat', 'api', 'agent']), random)
      yield* pool.send({ at_ms, model: world.model(random, at_ms), params, size: turnSize(library, random), content })
    }
  },
}
