import { pickHabits, toolSet } from '../habits.ts'
import { atTimes, DAY_MS, enrol, HOUR_MS, honest } from '../honest/cast.ts'
import { soleCall } from '../sdk.ts'
import type { Scenario } from '../stage.ts'
import { answer, question } from '../texts.ts'

const CALLS_PER_TEAM = 180
const LENGTH_MS = 20 * HOUR_MS

/** New accounts of one day that go to their ceiling at once: a starter kit, a hall, a deadline. */
export const hackathon: Scenario = {
  name: 'H8',
  summary: 'hackathon or launch: many new accounts at their ceiling within a day, from one starter kit',
  label: 'benign',
  accounts: 200,
  accounts_min: 20,
  run(stage, settings) {
    const { random, library, window, world } = stage
    const latest_ms = Math.max(window.start_ms, window.end_ms - LENGTH_MS - DAY_MS)
    const begins_ms = Math.round(random.between(window.start_ms, latest_ms))
    const hall = world.address(random, 'carrier')
    const kit = world.client(random, begins_ms)
    const system = `${random.pick(library.personas)}\n\nThis project was made from the starter kit. Think aloud before you act.`
    const tool_set_hash = toolSet(random)
    for (let team = 0; team < settings.accounts; team++) {
      const created_ms = Math.round(begins_ms + random.between(0, 4) * HOUR_MS)
      const plan = random.pick(['pay_as_you_go', 'free', 'pay_as_you_go'] as const)
      const place = random.chance(0.6) ? { addresses: [hall] } : {}
      const org = world.organisation(random, { created_ms, plan, network: 'carrier', ...place })
      const programme = random.chance(0.5) ? 'startup' : 'none'
      const account = enrol(stage, org, honest(settings, 'team'), { created_ms, programme })
      if (random.chance(0.7)) account.client = kit
      const params = { ...pickHabits('api', random), tool_set_hash, tools_count: 6 }
      const calls = Math.max(1, Math.round(CALLS_PER_TEAM * settings.rate * random.logNormal(0.6)))
      const times = Array.from({ length: calls }, () => created_ms + 5 * 60_000 + LENGTH_MS * random.unit() ** 0.7)
      times.sort((a, b) => a - b)
      stage.spawn(
        atTimes(stage, times, (at_ms) => {
          const text = question(library, random)
          const output = answer(library, random)
          const content = () => ({ system, messages: [{ role: 'user', content: text }], output })
          const model = world.model(random, at_ms)
          return soleCall(random, { account, at_ms, model, params, size: random.pick(library.apiSizes), content })
        }),
        created_ms,
      )
    }
  },
}
