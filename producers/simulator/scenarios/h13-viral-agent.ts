import type { Actor } from '../actor.ts'
import { agentRun } from '../backbone/agent.ts'
import { live } from '../backbone/backbone.ts'
import { customerOf } from '../backbone/mint.ts'
import { pickHabits, toolSet } from '../habits.ts'
import { atTimes, DAY_MS, enrol, HOUR_MS, honest } from '../honest/cast.ts'
import { peoplePace } from '../pace/pace.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import type { Scenario } from '../stage.ts'

const RUNS_PER_DAY = 2.5
const NEW_SHARE = 0.45

const SYSTEM =
  'You are Skiff, an autonomous engineer. Before every action write your full reasoning inside <plan> and </plan>, list the ' +
  'alternatives that you rejected and why, then call exactly one tool. Never skip the plan, not even for small steps. Keep ' +
  'a journal of what you learned, and stop when the tests pass.'

/**
 * An agent program that everybody tries on the day of a model's release: within a day unrelated accounts, old and new,
 * run one template, one client and the new model, many of them at their ceiling.
 */
export const viralAgent: Scenario = {
  name: 'H13',
  summary: 'viral agent release: thousands of strangers adopt one template, one client and a new model within a day',
  label: 'benign',
  accounts: 3_000,
  accounts_min: 40,
  run(stage, settings) {
    const { random, window, world } = stage
    const { release } = world
    const shared = { ...world.client(random, release.at_ms), sdk: 'skiff', sdk_version: '0.1.0' }
    const client = { ...shared, user_agent: `skiff/0.1.0 (${shared.os}; ${shared.runtime})`, header_set: 'node-skiff' }
    const params = { ...pickHabits('agent', random), tool_set_hash: toolSet(random), tools_count: 11 }
    const system = random.chance(0.5) ? SYSTEM : `${SYSTEM} Answer in the language of the repository.`
    for (let adopter = 0; adopter < settings.accounts; adopter++) {
      // Slow in the first hours, then everybody within a day.
      const adopts_ms = release.at_ms + HOUR_MS * (1 + 22 * Math.min(1, random.weibull(2) * 0.5))
      const isNew = random.chance(NEW_SHARE)
      const created_ms = Math.round(
        isNew ? adopts_ms - random.between(1, 30) * 60_000 : window.start_ms - random.between(8, 600) * DAY_MS,
      )
      const plan = random.pick(
        isNew
          ? (['pay_as_you_go', 'free', 'subscription'] as const)
          : (['pay_as_you_go', 'subscription', 'team'] as const),
      )
      const org = world.organisation(random, { created_ms, plan })
      const account = enrol(stage, org, honest(settings, isNew ? 'new-adopter' : 'adopter'), { created_ms })
      const draw = random.fork(adopter)
      const usual = customerOf(
        stage,
        account,
        { kind: 'chat', pace: peoplePace(), template: null },
        settings.rate,
        draw,
      )
      if (!isNew) live(stage, usual)
      const adopted = { ...usual, kind: 'agent' as const, params, system, model: release.model }
      stage.spawn(adopt(), adopts_ms)

      function* adopt(): Actor {
        account.client = client
        const perDay = RUNS_PER_DAY * settings.rate * draw.logNormal(0.7)
        const times = arrivalTimes(peoplePace(), perDay, { ...window, start_ms: adopts_ms }, usual.offset_h, draw)
        stage.spawn(agentRun(stage, adopted, adopts_ms, adopts_ms), adopts_ms)
        yield* atTimes(stage, times, (at_ms) => agentRun(stage, adopted, adopts_ms, at_ms))
      }
    }
  },
}
