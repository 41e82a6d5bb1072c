import { createCampaign } from '../relay/campaign.ts'
import { type Mix, pickFrom } from '../relay/mix.ts'
import type { Scenario } from '../stage.ts'
import type { Objective } from '../wrappers/wrapper.ts'

const WANTED: Mix<Objective> = { cleaning: 0.45, grading: 0.45, task_generation: 0.1 }
/** Accounts are taken into use one after the other over this part of the window. */
const STARTS_SHARE = 0.25

/** Captured reasoning is cleaned and scored around the clock by one narrow program. */
export const m8Cleaner: Scenario = {
  name: 'M8',
  summary: 'cleaning and judging of captured transcripts, narrow, around the clock, over rotated accounts',
  label: 'malicious',
  // GTG-16006: 273 accounts, 282 (cleaner) to 733 requests a day each (September 2026).
  accounts: 273,
  accounts_min: 16,
  run(stage, settings) {
    const { start_ms, end_ms } = stage.window
    const campaign = createCampaign(stage, settings, { scenario: 'M8', requestsPerDay: 400 })
    for (let index = 0; index < settings.accounts; index++) {
      const at_ms = start_ms + (index / settings.accounts) * STARTS_SHARE * (end_ms - start_ms)
      campaign.hire({ role: index % 2 === 0 ? 'cleaner' : 'judge', at_ms })
    }
    campaign.mixed({
      perDay: settings.accounts * campaign.requestsPerDay,
      session: (at_ms, random) => campaign.oneShot(pickFrom(WANTED, random), stage.world.model(random, at_ms), random),
    })
  },
}
