import type { Actor, Content } from '../actor.ts'
import { pickHabits } from '../habits.ts'
import { atTimes, established, keysOf } from '../honest/cast.ts'
import { createKeyPool } from '../honest/key-pool.ts'
import { sessionId } from '../ids.ts'
import { peoplePace } from '../pace/pace.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import type { Scenario } from '../stage.ts'
import { answer, question } from '../texts.ts'

const SESSIONS_PER_KEY_AND_DAY = 90
const SIGNATURES_CARRIED = 4

/** A company's gateway over its own keys: same rotation, rests and failover as a relay's, one card, one organisation. */
export const enterpriseGateway: Scenario = {
  name: 'H7',
  summary: "enterprise gateway: least recently used of the company's own keys, sticky sessions, failover",
  label: 'benign',
  accounts: 16,
  accounts_min: 4,
  run(stage, settings) {
    const { random, library, window, world } = stage
    const client = random.chance(0.5) ? { client: world.frozenClient(random.int(6)) } : {}
    const org = world.organisation(random, {
      plan: 'enterprise',
      network: 'cloud',
      created_ms: established(stage),
      ...client,
    })
    const keys = keysOf(stage, org, settings, 'gateway-key')
    const pool = createKeyPool(keys, window.start_ms)
    const system = `${random.pick(library.personas)}\n\nYou serve the staff of ${org.email_domain}. Explain how you arrive at an answer.`
    const perDay = SESSIONS_PER_KEY_AND_DAY * settings.rate * keys.length
    const staff = { isSticky: random.chance(0.5), offset_h: 1 }
    stage.spawn(atTimes(stage, arrivalTimes(peoplePace(), perDay, window, staff.offset_h, random), conversation))

    function* conversation(start_ms: number): Actor {
      const session_id = staff.isSticky ? sessionId(random) : undefined
      const params = pickHabits('chat', random)
      let end_ms = start_ms
      const past: Content['messages'] = []
      // They come with the next turn whichever key it goes out on.
      let signatures: string[] = []
      for (const { offset_ms, input_tokens, output_tokens } of random.pick(library.chatSessions).slice(0, 12)) {
        const at_ms = Math.max(start_ms + offset_ms, end_ms + 3_000)
        if (at_ms > window.end_ms) return
        const messages = [...past.slice(-8), { role: 'user', content: question(library, random) }]
        const output = answer(library, random)
        const content = () => ({ system, messages, output })
        const size = { input_tokens, output_tokens }
        const reply = yield* pool.send({
          at_ms,
          model: world.model(random, at_ms),
          params,
          size,
          content,
          session_id,
          signatures,
        })
        if (reply === undefined) return
        end_ms = reply.end_ms
        signatures = [...signatures, ...reply.signatures].slice(-SIGNATURES_CARRIED)
        past.push(messages.at(-1)!, { role: 'assistant', content: output })
      }
    }
  },
}
