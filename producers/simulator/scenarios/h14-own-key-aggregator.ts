import type { Account } from '../account.ts'
import type { Actor } from '../actor.ts'
import { pickHabits } from '../habits.ts'
import { atTimes, enrol, established, honest, turnSize } from '../honest/cast.ts'
import { peoplePace } from '../pace/pace.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import type { Scenario } from '../stage.ts'
import { answer, question } from '../texts.ts'

const CALLS_PER_DAY = 25
/** Keys of the aggregator's own, for those whose key is turned away. */
const FALLBACK_SHARE = 0.1
const FAILED: ReadonlySet<number> = new Set([403, 429, 500, 529])

/**
 * A bring-your-own-key aggregator: unrelated organisations' keys leave through one egress with one client, and a call that
 * fails on a customer's key goes out again, same body, on another organisation's: the aggregator's.
 */
export const ownKeyAggregator: Scenario = {
  name: 'H14',
  summary: "bring-your-own-key aggregator: unrelated organisations' keys behind one egress, with failover",
  label: 'benign',
  accounts: 60,
  accounts_min: 8,
  run(stage, settings) {
    const { random, library, window, world } = stage
    const house = world.organisation(random, { plan: 'enterprise', network: 'cloud', created_ms: established(stage) })
    house.addresses.push(world.address(random, 'cloud'))
    const client = random.chance(0.5) ? world.frozenClient(random.int(6)) : house.client
    const fallbacks = Math.max(1, Math.round(settings.accounts * FALLBACK_SHARE))
    const own = Array.from({ length: fallbacks }, () => enrol(stage, house, honest(settings, 'fallback-key')))
    let turn = 0
    for (const key of own) key.client = client
    for (let customer = own.length; customer < settings.accounts; customer++) {
      const account = enrol(stage, world.organisation(random), honest(settings, 'customer-key'))
      account.addresses = [...house.addresses]
      account.client = client
      account.device_id = null
      const params = pickHabits('chat', random)
      const perDay = CALLS_PER_DAY * settings.rate * random.logNormal(0.8)
      const from_ms = Math.max(window.start_ms, Date.parse(account.record.created_at))
      const times = arrivalTimes(peoplePace(), perDay, { ...window, start_ms: from_ms }, 0, random)
      stage.spawn(
        atTimes(stage, times, (at_ms) => routed(account, params, at_ms)),
        from_ms,
      )
    }

    function* routed(account: Account, params: ReturnType<typeof pickHabits>, at_ms: number): Actor {
      const text = question(library, random)
      const output = answer(library, random)
      const content = () => ({ messages: [{ role: 'user', content: text }], output })
      const call = { at_ms, model: world.model(random, at_ms), params, size: turnSize(library, random), content }
      const first = yield { ...call, account }
      if (FAILED.has(first.status)) yield { ...call, account: own[turn++ % own.length]!, at_ms: first.end_ms + 300 }
    }
  },
}
