import type { Actor, Call } from '../actor.ts'
import { endUserId } from '../ids.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import { callWithRetry, soleCall } from '../sdk.ts'
import type { Stage } from '../stage.ts'
import { answer, etlRows, excerpt, passage, question } from '../texts.ts'
import { adoptionTime, type Customer, modelAt } from './customer.ts'
import { createDoor, type Door } from './door.ts'

const REFUSED_SHARE = 0.006
const END_USERS_SHARE = 0.15
const END_USERS_MAX = 400
const UPGRADE_SHARE_PER_DAY = 0.06
/**
 * Programs that ask for what they may not have, and go on asking: with one job of several (a scope, a model of another plan), or with all
 * they do (a plan that was not paid and that nobody looks after).
 */
const MISCONFIGURED_SHARE = 0.1
const FORBIDDEN_SHARES = [0.15, 1]
const DAY_MS = 86_400_000

/** A customer's program: single calls at the pace of a real API client, none of which waits for the one before. */
export function* program(stage: Stage, customer: Customer, from_ms: number): Actor {
  const { account, random, pace, perDay, offset_h } = customer
  const { window, world } = stage
  const input = inputOf(stage, customer)
  const adopts_ms = customer.followsRelease ? adoptionTime(stage, random) : Number.POSITIVE_INFINITY
  const endUsers = random.chance(END_USERS_SHARE)
    ? Array.from({ length: 1 + random.int(END_USERS_MAX) }, () => endUserId(random))
    : null
  const forbiddenShare = random.chance(MISCONFIGURED_SHARE) ? random.pick(FORBIDDEN_SHARES) : 0
  const door = createDoor()
  let day = 0
  for (const at_ms of arrivalTimes(pace, perDay, { ...window, start_ms: from_ms }, offset_h, random)) {
    yield { until_ms: at_ms }
    if (door.isGivenUp) return
    if (door.isClosed(at_ms)) continue
    const today = Math.floor(at_ms / DAY_MS)
    if (today !== day && random.chance(UPGRADE_SHARE_PER_DAY)) account.client = world.upgraded(account.client, at_ms)
    day = today
    const call: Call = {
      account,
      at_ms,
      model: modelAt(stage, customer, adopts_ms, at_ms),
      params: customer.params,
      size: random.pick(stage.library.apiSizes),
      content: input(),
      end_user_id: endUsers === null ? undefined : random.pick(endUsers),
      refused: random.chance(REFUSED_SHARE),
    }
    const isForbidden = random.chance(forbiddenShare)
    stage.spawn(isForbidden ? soleCall(random, { ...call, trouble: 403 }) : attempt(customer, door, call), at_ms)
  }
}

function* attempt({ random }: Customer, door: Door, call: Call): Actor {
  const { status, end_ms } = yield* callWithRetry(random, call)
  if (status === 403) door.rejected(end_ms)
}

/** What the program sends, call by call: rows through a public template, or varied input within its own. */
function inputOf({ library }: Stage, { random, system, template }: Customer): () => Call['content'] {
  const rows = template === null && random.chance(0.25) ? etlRows(library, random) : null
  const given = system === undefined ? {} : { system }
  return () => {
    const text = inputText()
    const output = answer(library, random)
    return () => ({ ...given, messages: [{ role: 'user', content: text }], output })
  }

  function inputText(): string {
    if (rows !== null) return random.pick(rows)
    if (template === null) return question(library, random)
    const data = random.chance(0.5) ? passage(library, random) : excerpt(passage(library, random), random)
    return `${template.before}${data}${template.after}`
  }
}
