import type { Random } from '../../sample/random.ts'
import { createCampaign } from '../relay/campaign.ts'
import { type Mix, pickFrom } from '../relay/mix.ts'
import type { Scenario, Stage } from '../stage.ts'
import type { Objective } from '../wrappers/wrapper.ts'

const DAY_MS = 86_400_000
const WANTED: Mix<Objective> = { agentic: 0.4, code: 0.4, reasoning: 0.2 }
/** Of its traffic, what goes to a new model within 24 h. */
const MOVED_SHARE = 0.48
/** Who knows that a pivot is looked for takes this long instead. */
const SLOW_DAYS = 6

/** Agentic coding that turns nearly half of its traffic to a new model within a day of its release. */
export const m3ModelLaunch: Scenario = {
  name: 'M3',
  summary: 'coding campaign that moves 48% of its traffic to a new model within 24 h of its release',
  label: 'malicious',
  // 13 million exchanges (February 2026); the number of accounts was not given.
  accounts: 2_000,
  accounts_min: 30,
  run(stage, settings) {
    const campaign = createCampaign(stage, settings, { scenario: 'M3', requestsPerDay: 300 })
    for (let index = 0; index < settings.accounts; index++) campaign.hire({ role: 'head' })
    const perDay = settings.accounts * campaign.requestsPerDay
    const adoption_ms = (settings.level === 3 ? SLOW_DAYS : 0.9) * DAY_MS
    campaign.mixed({
      perDay: perDay * 0.4,
      turns: campaign.turns.agent,
      session: (at_ms, random) =>
        campaign.agentSession(modelAt(stage, at_ms, adoption_ms, random), random, () => 'agentic'),
    })
    campaign.mixed({
      perDay: perDay * 0.6,
      session: (at_ms, random) =>
        campaign.oneShot(pickFrom(WANTED, random), modelAt(stage, at_ms, adoption_ms, random), random),
    })
  },
}

function modelAt({ world }: Stage, at_ms: number, adoption_ms: number, random: Random): string {
  const { at_ms: released_ms, model } = world.release
  const moved = MOVED_SHARE * Math.min(1, Math.max(0, (at_ms - released_ms) / adoption_ms))
  // What has not moved goes on with what it was made for.
  return random.chance(moved) ? model : world.model(random, Math.min(at_ms, released_ms - 1))
}
