import { atTimes, established, keysOf } from '../honest/cast.ts'
import { steadyPaces } from '../pace/pace.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import { soleCall } from '../sdk.ts'
import type { Scenario } from '../stage.ts'
import { answer, etlRows } from '../texts.ts'

const ROWS_PER_DAY = 900

/** One public template over the rows of a table, around the clock. */
export const batchEtl: Scenario = {
  name: 'H3',
  summary: 'batch ETL: one template over thousands of rows, day and night',
  label: 'benign',
  accounts: 2,
  accounts_min: 1,
  run(stage, settings) {
    const { random, library, window, world } = stage
    const plan = random.pick(['team', 'enterprise', 'pay_as_you_go'] as const)
    const org = world.organisation(random, { plan, network: 'cloud', created_ms: established(stage) })
    const rows = etlRows(library, random)
    const params = { stream: false, max_tokens: random.pick([16, 64, 256]), temperature: 0 }
    const model = world.model(random, window.start_ms)
    for (const account of keysOf(stage, org, settings, 'etl')) {
      const times = arrivalTimes(random.pick(steadyPaces()), ROWS_PER_DAY * settings.rate, window, 0, random)
      stage.spawn(
        atTimes(stage, times, (at_ms) => {
          const row = random.pick(rows)
          const output = answer(library, random)
          const content = () => ({ messages: [{ role: 'user', content: row }], output })
          const operation = random.chance(0.5) ? 'batch' : 'chat'
          return soleCall(random, {
            account,
            at_ms,
            model,
            params,
            size: random.pick(library.apiSizes),
            content,
            operation,
          })
        }),
      )
    }
  },
}
