import type { Account } from '../account.ts'
import type { Actor } from '../actor.ts'
import { pickHabits } from '../habits.ts'
import { DAY_MS, enrol, HOUR_MS, honest, turnSize } from '../honest/cast.ts'
import { sessionId } from '../ids.ts'
import { UTC_OFFSET_H } from '../networks.ts'
import { peoplePace } from '../pace/pace.ts'
import { arrivalTimes } from '../pace/pace-clock.ts'
import { callWithRetry } from '../sdk.ts'
import type { Scenario, Stage } from '../stage.ts'
import { answer, excerpt, passage, question } from '../texts.ts'

const LESSON_MS = 1.2 * HOUR_MS
const TURNS = { from: 3, to: 10 }

/** Students with accounts of their own, made for the course, behind one NAT: the same assignment in the same hour. */
export const universityClass: Scenario = {
  name: 'H2',
  summary: 'university class: hundreds of students behind one NAT, one assignment, one hour, education programme',
  label: 'benign',
  accounts: 300,
  accounts_min: 20,
  run(stage, settings) {
    const { random, window, world, library } = stage
    const nat = world.address(random, 'carrier')
    const email_domain = world.emailDomain(random, 'own')
    const enrolled_ms = window.start_ms - random.between(1, 10) * DAY_MS
    const lessons = lessonTimes(stage)
    const assignment = `${random.pick(library.arenaHard)}\n\nWork it out step by step, justify each step, and compare two ways to do it.`
    for (let student = 0; student < settings.accounts; student++) {
      const created_ms = Math.round(enrolled_ms + random.between(0, 6) * HOUR_MS)
      const plan = random.pick(['free', 'free', 'pay_as_you_go', 'subscription'] as const)
      const org = world.organisation(random, { created_ms, plan, email_domain, addresses: [nat], network: 'carrier' })
      const account = enrol(stage, org, honest(settings, 'student'), { created_ms, programme: 'education' })
      if (random.chance(0.5)) account.addresses.push(world.address(random, 'carrier', nat.country))
      for (const lesson_ms of lessons) {
        if (!random.chance(0.85)) continue
        const from_ms = lesson_ms + random.between(0.05, 0.5) * LESSON_MS
        stage.spawn(work(account, from_ms), from_ms)
      }
      const spare = arrivalTimes(peoplePace(), 0.5 * settings.rate, window, UTC_OFFSET_H[nat.country] ?? 0, random)
      stage.spawn(ownTime(account, spare))
    }

    function* work(account: Account, from_ms: number): Actor {
      const session_id = sessionId(random)
      const params = pickHabits('chat', random)
      const notes = excerpt(passage(library, random), random)
      let at_ms = from_ms
      const turns = Math.max(1, Math.round(random.between(TURNS.from, TURNS.to) * settings.rate))
      for (let turn = 0; turn < turns; turn++) {
        const text =
          turn === 0 ? (random.chance(0.6) ? assignment : `${assignment}\n\n${notes}`) : question(library, random)
        const output = answer(library, random)
        const size = turnSize(library, random)
        const content = () => ({ messages: [{ role: 'user', content: text }], output })
        const model = world.model(random, at_ms)
        const reply = yield* callWithRetry(random, {
          account,
          at_ms,
          address: 0,
          model,
          params,
          size,
          content,
          session_id,
        })
        if (reply.status === 403) return
        at_ms = reply.end_ms + 40_000 * random.logNormal(0.8)
      }
    }

    function* ownTime(account: Account, times: Iterable<number>): Actor {
      const params = pickHabits('chat', random)
      for (const at_ms of times) {
        const text = question(library, random)
        const output = answer(library, random)
        const content = () => ({ messages: [{ role: 'user', content: text }], output })
        const size = turnSize(library, random)
        yield* callWithRetry(random, { account, at_ms, model: world.model(random, at_ms), params, size, content })
      }
    }
  },
}

/** Twice a week at the same hour; at least once. */
function lessonTimes({ window, random }: Stage): number[] {
  const first_ms = window.start_ms + random.between(0.1, 0.7) * Math.min(DAY_MS, window.end_ms - window.start_ms)
  const times = [first_ms]
  for (let day = 3.5; first_ms + day * DAY_MS < window.end_ms; day += 3.5)
    times.push(first_ms + Math.round(day) * DAY_MS)
  return times
}
