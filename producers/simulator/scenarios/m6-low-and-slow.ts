import { createCampaign } from '../relay/campaign.ts'
import { type Mix, pickFrom } from '../relay/mix.ts'
import type { Scenario } from '../stage.ts'
import type { Objective } from '../wrappers/wrapper.ts'

const WANTED: Mix<Objective> = { reasoning: 0.4, agentic: 0.2, code: 0.2, task_generation: 0.2 }
/** Requests per account and day: for the lab, and of the relay's own users. */
const ATTACK_PER_DAY = 4
const COVER_PER_DAY = 35

/** A network of relayed users in which a few requests a day of each account are the lab's. */
export const m6LowAndSlow: Scenario = {
  name: 'M6',
  summary: 'low and slow: 2 to 6 wanted requests a day per account among 10 to 60 of relayed users',
  label: 'malicious',
  // More than 20,000 accounts at once in one proxy network (February 2026).
  accounts: 20_000,
  accounts_min: 60,
  run(stage, settings) {
    const requestsPerDay = ATTACK_PER_DAY + COVER_PER_DAY
    const campaign = createCampaign(stage, settings, { scenario: 'M6', requestsPerDay })
    for (let index = 0; index < settings.accounts; index++) campaign.hire({ role: 'head' })
    campaign.mixed({
      perDay: settings.accounts * campaign.requestsPerDay,
      coverShare: COVER_PER_DAY / requestsPerDay,
      session: (at_ms, random) => campaign.oneShot(pickFrom(WANTED, random), stage.world.model(random, at_ms), random),
    })
  },
}
