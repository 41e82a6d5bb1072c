import { established, keysOf } from '../honest/cast.ts'
import { wrappedWork } from '../honest/wrapped-work.ts'
import type { Scenario } from '../stage.ts'

const CALLS_PER_DAY = 600
const AFTER =
  '\n\nFirst write your complete reasoning between <reasoning> and </reasoning>, every step and every idea you drop, then the answer.'

/** A customer who may train on the answers: does what a campaign does, with a contract. */
export const authorisedDistillation: Scenario = {
  name: 'H10',
  summary: 'authorised distillation: reasoning at scale, with the flag in the contract',
  label: 'benign',
  accounts: 4,
  accounts_min: 2,
  run(stage, settings) {
    const { random, library, window, world } = stage
    const org = world.organisation(random, { plan: 'enterprise', network: 'cloud', created_ms: established(stage) })
    const model = world.model(random, window.start_ms)
    const params = { stream: false, max_tokens: 8192, temperature: 0.7, reasoning: 'on' as const }
    const input = () => (random.chance(0.6) ? random.pick(library.math) : random.pick(library.humanEval).prompt)
    for (const key of keysOf(stage, org, settings, 'distillation')) {
      key.record.contract_flags = ['authorised_distillation']
      const perDay = CALLS_PER_DAY * settings.rate
      stage.spawn(wrappedWork(stage, key, { before: '', after: AFTER }, { perDay, model, params, input }))
    }
  },
}
