import { createCampaign } from '../relay/campaign.ts'
import { type Mix, pickFrom } from '../relay/mix.ts'
import type { Scenario } from '../stage.ts'
import type { Objective } from '../wrappers/wrapper.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const WANTED: Mix<Objective> = { reasoning: 0.35, task_generation: 0.3, code: 0.2, grading: 0.15 }
const LIFETIME_DAYS = [1, 3] as const
const LIFETIME_MEAN_DAYS = 2
/** Windows shorter than this have lifetimes in proportion, or nobody would be replaced. */
const FULL_WINDOW_DAYS = 3

/** Every account is banned after one to three days, and every banned one is replaced at once. */
export const m5Churn: Scenario = {
  name: 'M5',
  summary: 'hydra: accounts live 1 to 3 days, each banned one is replaced in seconds to hours',
  label: 'malicious',
  // More than 20,000 in one network (February 2026); over a fortnight here.
  accounts: 20_000,
  accounts_min: 60,
  run(stage, settings) {
    const { start_ms, end_ms } = stage.window
    const days = (end_ms - start_ms) / DAY_MS
    const shrink = Math.min(1, days / FULL_WINDOW_DAYS)
    const lifetime_days = LIFETIME_MEAN_DAYS * shrink
    const campaign = createCampaign(stage, settings, {
      scenario: 'M5',
      requestsPerDay: 30,
      lifetime_ms: (random) => random.between(...LIFETIME_DAYS) * shrink * DAY_MS,
      lost: (_head, at_ms, { replace }) => replace(at_ms, [20_000, 2 * HOUR_MS]),
    })
    // So many at once that births and deaths add up to the number of accounts by the end.
    const alive = Math.max(2, Math.round((settings.accounts * lifetime_days) / (days + lifetime_days)))
    campaign.stock(Math.floor((settings.accounts - alive) * campaign.evasion.agedShare), 'replacement')
    for (let index = 0; index < alive; index++) {
      // They are of all ages when the window begins; the first to go go at once.
      campaign.hire({ role: 'head', at_ms: start_ms + stage.random.between(0, lifetime_days / 2) * DAY_MS })
    }
    campaign.mixed({
      perDay: alive * campaign.requestsPerDay,
      session: (at_ms, random) => campaign.oneShot(pickFrom(WANTED, random), stage.world.model(random, at_ms), random),
    })
  },
}
