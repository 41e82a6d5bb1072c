import { createCampaign } from '../relay/campaign.ts'
import { type Mix, pickFrom } from '../relay/mix.ts'
import type { Scenario } from '../stage.ts'
import type { Objective } from '../wrappers/wrapper.ts'

const PATHS = ['first_party', 'bedrock', 'vertex'] as const
const PLANS = ['pay_as_you_go', 'subscription', 'team', 'enterprise'] as const
const PHASE_1: Mix<Objective> = { agentic: 0.5, vision: 0.25, code: 0.25 }
const PHASE_2: Mix<Objective> = { reasoning: 0.8, agentic: 0.1, vision: 0.1 }
/** Accounts start over this part of the window; the second phase begins at that. */
const STARTS_SHARE = 0.4
const PHASE_2_FROM = 0.6

/** Agents, tools and vision over the provider's own door and two clouds; later it turns to reconstructing reasoning. */
export const m2ManyPathways: Scenario = {
  name: 'M2',
  summary: 'agentic and vision campaign over several access paths and plans; turns to reasoning traces later',
  label: 'malicious',
  // "Hundreds", 3.4 million exchanges (February 2026).
  accounts: 300,
  accounts_min: 24,
  run(stage, settings) {
    const { start_ms, end_ms } = stage.window
    const length_ms = end_ms - start_ms
    const campaign = createCampaign(stage, settings, { scenario: 'M2', requestsPerDay: 200 })
    for (let index = 0; index < settings.accounts; index++) {
      campaign.hire({
        role: 'head',
        at_ms: start_ms + (index / settings.accounts) * STARTS_SHARE * length_ms,
        access_path: PATHS[index % PATHS.length]!,
        plan: PLANS[Math.floor(index / PATHS.length) % PLANS.length]!,
      })
    }
    const phase2_ms = start_ms + PHASE_2_FROM * length_ms
    const perDay = settings.accounts * campaign.requestsPerDay
    // Two thirds of the first phase are runs of agents, many calls each.
    campaign.mixed({
      perDay: perDay * 0.6,
      window: { start_ms, end_ms: phase2_ms },
      turns: campaign.turns.agent,
      session: (at_ms, random) => campaign.agentSession(stage.world.model(random, at_ms), random, () => 'agentic'),
    })
    campaign.mixed({
      perDay: perDay * 0.4,
      window: { start_ms, end_ms: phase2_ms },
      session: (at_ms, random) => campaign.oneShot(pickFrom(PHASE_1, random), stage.world.model(random, at_ms), random),
    })
    campaign.mixed({
      perDay,
      window: { start_ms: phase2_ms, end_ms },
      session: (at_ms, random) => campaign.oneShot(pickFrom(PHASE_2, random), stage.world.model(random, at_ms), random),
    })
  },
}
