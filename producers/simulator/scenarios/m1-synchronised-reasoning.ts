import { createCampaign } from '../relay/campaign.ts'
import { type Mix, pickFrom } from '../relay/mix.ts'
import type { Scenario } from '../stage.ts'
import type { Objective } from '../wrappers/wrapper.ts'

const WANTED: Mix<Objective> = { reasoning: 0.5, grading: 0.4, rewriting: 0.1 }
/** Accounts that ask at the same time. */
const VOLLEY = [3, 9] as const

/** Reasoning, a reward model's labels and safe rewrites, spread over accounts that take turns and act within seconds. */
export const m1SynchronisedReasoning: Scenario = {
  name: 'M1',
  summary: 'synchronised reasoning and reward-model campaign: accounts take turns and act within 1 to 5 s',
  label: 'malicious',
  // Of about 24,000 of all campaigns disclosed in February 2026; 150,000 exchanges in all.
  accounts: 180,
  accounts_min: 20,
  run(stage, settings) {
    const campaign = createCampaign(stage, settings, { scenario: 'M1', requestsPerDay: 120 })
    for (let index = 0; index < settings.accounts; index++) campaign.hire({ role: 'head' })
    campaign.mixed({
      perDay: settings.accounts * campaign.requestsPerDay,
      session: (at_ms, random) => campaign.oneShot(pickFrom(WANTED, random), stage.world.model(random, at_ms), random),
      // Who knows that simultaneity is looked for gives it up.
      ...(settings.level < 3 ? { volley: VOLLEY } : {}),
    })
  },
}
