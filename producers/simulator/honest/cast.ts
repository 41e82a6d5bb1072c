import type { Library, Size } from '../../sample/library.ts'
import type { Random } from '../../sample/random.ts'
import type { Account } from '../account.ts'
import type { Actor } from '../actor.ts'
import type { ScenarioSettings, Stage } from '../stage.ts'
import type { Organisation } from '../world.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** The truth about an account of a hard negative. `instance` is `H4-02`. */
export function honest({ instance }: ScenarioSettings, role: string): Account['truth'] {
  return { label: 'benign', campaign_id: null, role, scenario: instance.slice(0, instance.indexOf('-')), instance }
}

/** An account that the provider knows from its first day on. */
export function enrol(
  stage: Stage,
  org: Organisation,
  truth: Account['truth'],
  given?: Parameters<Stage['world']['account']>[3],
): Account {
  const account = stage.world.account(stage.random, org, truth, given)
  stage.register(account)
  return account
}

/** Several keys of one customer: one client, one set of addresses. */
export function keysOf(stage: Stage, org: Organisation, settings: ScenarioSettings, role: string): Account[] {
  return Array.from({ length: settings.accounts }, () => {
    const key = enrol(stage, org, honest(settings, role))
    key.client = org.client
    return key
  })
}

/** A customer that was there before the simulation begins. */
export function established(stage: Stage): number {
  return Math.round(stage.window.start_ms - stage.random.between(20, 600) * DAY_MS)
}

/** Starts a piece of work at each of these times; none waits for another. */
export function* atTimes(stage: Stage, times: Iterable<number>, work: (at_ms: number) => Actor): Actor {
  for (const at_ms of times) {
    yield { until_ms: at_ms }
    stage.spawn(work(at_ms), at_ms)
  }
}

/** Tokens of a turn of some conversation. */
export function turnSize(library: Library, random: Random): Size {
  const { input_tokens, output_tokens } = random.pick(random.pick(library.chatSessions))
  return { input_tokens, output_tokens }
}
