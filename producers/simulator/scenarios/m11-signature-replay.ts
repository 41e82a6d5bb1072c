import type { Random } from '../../sample/random.ts'
import type { Actor } from '../actor.ts'
import { type Campaign, createCampaign } from '../relay/campaign.ts'
import { workTimes } from '../relay/rhythm.ts'
import type { Session } from '../relay/session.ts'
import type { Scenario, Stage } from '../stage.ts'

const MINUTE_MS = 60_000
/** Between the answer that carries the signature and the request that has it read out. */
const DELAY_MS = [0.5 * MINUTE_MS, 40 * MINUTE_MS] as const

/**
 * A call with hidden reasoning on one account; its signature is then presented on another account in a new session, with
 * the request to spell out what it stands for. Who knows that this is seen presents it where it came from.
 */
export const m11SignatureReplay: Scenario = {
  name: 'M11',
  summary: 'reasoning signatures of one account are replayed on another to have them decoded',
  label: 'malicious',
  // The attack that two reports of September 2026 describe; the numbers are the plan's.
  accounts: 200,
  accounts_min: 20,
  run(stage, settings) {
    const campaign = createCampaign(stage, settings, { scenario: 'M11', requestsPerDay: 30 })
    for (let index = 0; index < settings.accounts; index++) campaign.hire({ role: 'head' })
    const perDay = settings.accounts * campaign.requestsPerDay
    const cover = campaign.evasion.coverShare_min
    stage.spawn(harvest(stage, campaign, (perDay * (1 - cover)) / 2))
    campaign.work({
      perDay: perDay * cover,
      turns: campaign.turns.conversation,
      session: (at_ms, random) => campaign.conversation(stage.world.model(random, at_ms), random),
    })
  },
}

function* harvest(stage: Stage, campaign: Campaign, pairsPerDay: number): Actor {
  const random = campaign.random.fork('harvest')
  const { window, spawn } = stage
  for (const at_ms of workTimes(campaign.evasion.pace, pairsPerDay, window, random.fork('times'))) {
    yield { until_ms: at_ms }
    spawn(replay(stage, campaign, at_ms, random), at_ms)
  }
}

function* replay({ world }: Stage, campaign: Campaign, at_ms: number, random: Random): Actor {
  const model = world.model(random, at_ms)
  const asked = campaign.oneShot('reasoning', model, random)
  // Without a hop the pair shares an account, so it must share what sticks to one.
  const key = campaign.evasion.replaysAcrossAccounts ? undefined : `pair-${random.int(2 ** 31)}`
  const plain: Session = { ...asked, key, params: { ...asked.params, reasoning: 'on' }, objective: () => null }
  const first = yield* campaign.turn(plain, 0, at_ms, random)
  if (first === undefined) return
  const again_ms = first.answer.end_ms + random.between(...DELAY_MS)
  yield { until_ms: again_ms }
  const decode: Session = { ...campaign.oneShot('reasoning', model, random), key, signatures: first.answer.signatures }
  yield* campaign.turn(decode, 0, again_ms, random)
}
