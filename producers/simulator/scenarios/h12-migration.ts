import { pickHabits } from '../habits.ts'
import { atTimes, enrol, established, HOUR_MS, honest } from '../honest/cast.ts'
import { steadyPaces } from '../pace/pace.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import { soleCall } from '../sdk.ts'
import type { Scenario } from '../stage.ts'
import { answer, passage } from '../texts.ts'

const CALLS_PER_DAY = 500

/** A workload leaves its key for a fresh one, which is at its ceiling within the hour: as after a ban, without one. */
export const migration: Scenario = {
  name: 'H12',
  summary: 'migration: a workload moves to a fresh key and is at its ceiling at once',
  label: 'benign',
  accounts: 2,
  accounts_min: 2,
  run(stage, settings) {
    const { random, library, window, world } = stage
    const plan = random.pick(['pay_as_you_go', 'pay_as_you_go', 'team'] as const)
    const org = world.organisation(random, { plan, network: 'cloud', created_ms: established(stage) })
    const template = `${random.pick(library.personas)}\n\n`
    const params = pickHabits('api', random)
    const model = world.model(random, window.start_ms)
    const pace = random.pick(steadyPaces())
    const moves = Math.max(1, settings.accounts - 1)
    const step_ms = (window.end_ms - window.start_ms) / (moves + 1)
    for (let key = 0; key <= moves; key++) {
      const from_ms = window.start_ms + key * step_ms
      const created_ms = key === 0 ? org.created_ms : Math.round(from_ms - 20 * 60_000 * random.unit())
      const account = enrol(stage, org, honest(settings, key === 0 ? 'old-key' : 'fresh-key'), { created_ms })
      account.client = org.client
      // Some jobs are moved a little later than the others.
      const until_ms = Math.min(window.end_ms, from_ms + step_ms + HOUR_MS * random.unit())
      const perDay = CALLS_PER_DAY * settings.rate
      const times = arrivalTimes(pace, perDay, { start_ms: from_ms, end_ms: until_ms }, 0, random)
      stage.spawn(
        atTimes(stage, times, (at_ms) => {
          const text = `${template}${passage(library, random)}`
          const output = answer(library, random)
          const content = () => ({ messages: [{ role: 'user', content: text }], output })
          return soleCall(random, { account, at_ms, model, params, size: random.pick(library.apiSizes), content })
        }),
        from_ms,
      )
    }
  },
}
