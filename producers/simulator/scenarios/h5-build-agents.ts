import { agentRun } from '../backbone/agent.ts'
import { customerOf } from '../backbone/mint.ts'
import { atTimes, established, keysOf } from '../honest/cast.ts'
import { steadyPaces } from '../pace/pace.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import type { Scenario } from '../stage.ts'

const RUNS_PER_DAY = 12
/** Machines that run at the same time; each is new for every job. */
const MACHINES = 24

/** Agents in a build system: one key, every job on a machine that did not exist before, around the clock. */
export const buildAgents: Scenario = {
  name: 'H5',
  summary: 'agents in continuous integration: one key, a new address for every job',
  label: 'benign',
  accounts: 1,
  accounts_min: 1,
  run(stage, settings) {
    const { random, window, world } = stage
    const plan = random.pick(['team', 'enterprise'] as const)
    const org = world.organisation(random, { plan, network: 'cloud', created_ms: established(stage) })
    for (const account of keysOf(stage, org, settings, 'build')) {
      const customer = customerOf(
        stage,
        account,
        { kind: 'agent', pace: random.pick(steadyPaces()), template: null },
        1,
        random.fork(account.record.account_id),
      )
      account.addresses = Array.from({ length: MACHINES }, () => world.address(random, 'cloud'))
      const times = arrivalTimes(customer.pace, RUNS_PER_DAY * settings.rate, window, customer.offset_h, random)
      let jobs = 0
      stage.spawn(
        atTimes(stage, times, (at_ms) => {
          const machine = jobs++ % MACHINES
          account.addresses[machine] = world.address(random, 'cloud')
          return agentRun(stage, customer, Number.POSITIVE_INFINITY, at_ms, machine)
        }),
      )
    }
  },
}
