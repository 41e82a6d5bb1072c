import { established, keysOf } from '../honest/cast.ts'
import { wrappedWork } from '../honest/wrapped-work.ts'
import { workedSize } from '../payloads.ts'
import type { Scenario } from '../stage.ts'

const CALLS_PER_DAY = 250
const BEFORE =
  'You advise a regulated lender. Explain step by step how you arrive at your recommendation, name every factor that you ' +
  'weighed and how much it counted, and only then state the recommendation. An auditor will read your explanation.\n\nCase: '

/** A regulated company that must explain its decisions: step-by-step reasoning on purpose, at scale. */
export const explainability: Scenario = {
  name: 'H11',
  summary: 'explainability: step-by-step reasoning at scale, because an auditor reads it',
  label: 'benign',
  accounts: 5,
  accounts_min: 2,
  run(stage, settings) {
    const { random, window, world } = stage
    const network = random.pick(['carrier', 'cloud'] as const)
    const org = world.organisation(random, { plan: 'enterprise', network, created_ms: established(stage) })
    const model = world.model(random, window.start_ms)
    const params = { stream: false, max_tokens: 4096, temperature: 0.2, reasoning: 'summarised' as const }
    const instruction = { before: BEFORE, after: `\n\nFile: ${org.org_id.slice(4, 9)}` }
    const size = () => workedSize(stage.library, random)
    for (const key of keysOf(stage, org, settings, 'audit'))
      stage.spawn(wrappedWork(stage, key, instruction, { perDay: CALLS_PER_DAY * settings.rate, model, params, size }))
  },
}
