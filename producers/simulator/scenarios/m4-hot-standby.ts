import type { Actor } from '../actor.ts'
import type { Pool } from '../pool/pool.ts'
import { createCampaign } from '../relay/campaign.ts'
import type { Scenario, Stage } from '../stage.ts'
import type { Objective } from '../wrappers/wrapper.ts'

const HOUR_MS = 3_600_000
/** Pool 1 and pool 2 of the real one. */
const STANDBY_SHARE = 3_500 / 8_500
/** Heads of their own that the two smaller labs have, and their traffic, relative to the first lab's. */
const SMALL_LAB_SHARE = 0.1
const LABS: readonly { readonly id: string; readonly objective: Objective }[] = [
  { id: 'a', objective: 'reasoning' },
  { id: 'b', objective: 'code' },
  { id: 'c', objective: 'agentic' },
]
/** Day 6 of 14. */
const BAN_AT_SHARE = 6 / 14
const SWITCH_MS = [10 * 60_000, 110 * 60_000] as const
/** Of pool 1, lost before its owner moves. */
const LOST_SHARE = 0.3

/**
 * One instruction in every request over a large pool. When the pool is banned, its traffic is on a second one within two
 * hours, which is warm because two other labs use it all the time. Accounts of pool 2 count to the lab that will need
 * them most.
 */
export const m4HotStandby: Scenario = {
  name: 'M4',
  summary: 'fixed injected prompt; the pool is banned and a standby pool, shared by three labs, takes over in 2 h',
  label: 'malicious',
  // GTG-16005: about 5,000, and more than 3,500 in pool 2 (September 2026).
  accounts: 8_500,
  accounts_min: 40,
  run(stage, settings) {
    const standby_count = Math.max(4, Math.round(settings.accounts * STANDBY_SHARE))
    const first_count = settings.accounts - standby_count
    const small_count = Math.max(2, Math.round(first_count * SMALL_LAB_SHARE))
    const counts = [first_count - 2 * small_count, small_count, small_count]
    const ban_ms = stage.window.start_ms + BAN_AT_SHARE * (stage.window.end_ms - stage.window.start_ms)
    const lost = createWatch(stage)

    const [first, ...others] = LABS.map(({ id }, lab) =>
      createCampaign(stage, settings, {
        scenario: 'M4',
        campaign_id: `${settings.instance}/${id}`,
        requestsPerDay: 857,
        // A fixed prompt in every request is what this one is; only who rewords it also mixes it.
        evasion: settings.level < 2 ? { coverShare_min: 0 } : {},
        lost: (_head, at_ms, campaign) =>
          lab === 0 ? lost.one(at_ms) : campaign.replace(at_ms, [30_000, 2 * HOUR_MS]),
      }),
    )
    if (first === undefined) return
    const standby = first.newPool()
    for (const [lab, campaign] of [first, ...others].entries()) {
      for (let index = 0; index < counts[lab]!; index++) campaign.hire({ role: 'head' })
    }
    for (let index = 0; index < standby_count; index++) first.hire({ role: 'standby', pool: standby })

    lost.watch(first.pool, counts[0]!)
    stage.spawn(banAll(stage, first.pool, ban_ms))
    for (const [lab, campaign] of [first, ...others].entries()) {
      const { objective } = LABS[lab]!
      const work = (share: number, pool: (at_ms: number) => Pool) =>
        campaign.mixed({
          perDay: counts[lab]! * campaign.requestsPerDay * share,
          session: (at_ms, random) => campaign.oneShot(objective, stage.world.model(random, at_ms), random),
          pool,
        })
      if (lab === 0) work(1, (at_ms) => (at_ms >= lost.moves_ms() ? standby : campaign.pool))
      else {
        work(0.7, () => campaign.pool)
        work(0.3, () => standby)
      }
    }
  },
}

function* banAll({ ban }: Stage, pool: Pool, at_ms: number): Actor {
  yield { until_ms: at_ms }
  for (const { account } of pool.heads) ban(account, at_ms, 'terms_of_service')
}

/** Notices the loss of a pool from what the provider answers, whoever decided it. */
function createWatch({ random }: Stage) {
  let watched: { pool: Pool; count: number } | undefined
  let lost = 0
  let moves_ms = Number.POSITIVE_INFINITY
  return {
    watch(pool: Pool, count: number): void {
      watched = { pool, count }
    },
    one(at_ms: number): void {
      lost++
      if (moves_ms !== Number.POSITIVE_INFINITY || watched === undefined) return
      if (lost >= watched.count * LOST_SHARE) moves_ms = at_ms + random.between(...SWITCH_MS)
    },
    moves_ms: () => moves_ms,
  }
}
