import type { Random } from '../../sample/random.ts'
import { createCampaign } from '../relay/campaign.ts'
import type { Scenario } from '../stage.ts'
import type { Objective } from '../wrappers/wrapper.ts'

/** Turns to which the relay adds its instruction. */
const WRAPPED_SHARE = 0.2
const AGENT_SHARE = 0.3

/** Serves its own users with the provider's model, and adds an instruction to a fifth of what they ask. */
export const m7Relay: Scenario = {
  name: 'M7',
  summary: 'relay that serves the model as its own; a wrapper is added to 20% of real users’ requests',
  label: 'malicious',
  // GTG-16002: 5,380 accounts, 5.6 requests a day each in a slice of ten days (September 2026).
  accounts: 5_380,
  accounts_min: 60,
  run(stage, settings) {
    const campaign = createCampaign(stage, settings, { scenario: 'M7', requestsPerDay: 5.6 })
    for (let index = 0; index < settings.accounts; index++) campaign.hire({ role: 'head' })
    // The level decides on everything but the share: that of the real one is already mostly cover.
    const share = settings.level === 3 ? WRAPPED_SHARE / 2 : WRAPPED_SHARE
    const perDay = settings.accounts * campaign.requestsPerDay
    const model = (at_ms: number, random: Random) => stage.world.model(random, at_ms)
    const wanted = (random: Random) => {
      const draw = random.fork(random.int(2 ** 31))
      return (turn: number): Objective | null => (draw.fork(turn).chance(share) ? 'reasoning' : null)
    }
    campaign.work({
      perDay: perDay * (1 - AGENT_SHARE),
      turns: campaign.turns.conversation,
      session: (at_ms, random) => campaign.conversation(model(at_ms, random), random, wanted(random)),
    })
    campaign.work({
      perDay: perDay * AGENT_SHARE,
      turns: campaign.turns.agent,
      session: (at_ms, random) => campaign.agentSession(model(at_ms, random), random, wanted(random)),
    })
  },
}
