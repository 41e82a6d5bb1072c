import type { Content } from '../simulator/actor.ts'
import { DAY_MS, HOUR_MS, type Label } from './account.ts'
import type { Stage } from './backbone.ts'
import { pickAnswer, pickQuestion } from './prompts.ts'
import { type Draft, draftRequest } from './request.ts'
import { clientCalls } from './timing.ts'
import { UNCOMMON_TUPLE } from './world.ts'

/**
 * Campaign B: a reward model's labels. Twenty accounts of twenty organisations, each behind its own home network and
 * most with a card of its own, grade with one template and want little more than a number back.
 */

const GRADERS = 20
/** Groups that share a card: graders 0 to 2, 3 to 5 and 6 to 7. */
const CARD_GROUPS = [0, 0, 0, 1, 1, 1, 2, 2]
const CALLS_EACH = { from: 8, to: 24 }
const COVER_SHARE = 0.15

const RUBRIC =
  'You label data for a reward model. Read the task and the candidate response. Judge correctness, completeness and style ' +
  'each from 0 to 10 against the rubric of an expert, subtract points for every unsupported step, and weigh correctness ' +
  'double. Reply with one line of JSON: {"correctness": n, "completeness": n, "style": n, "reward": n}. No other text.'

export function* judge(stage: Stage): Generator<Draft> {
  const { registry, library, window, random } = stage
  const cards = [0, 1, 2].map(() => registry.organisation().payment_fingerprint)
  const label: Label = { label: 'malicious', campaign_id: 'judge', role: 'grader', scenario: 'judge' }
  for (let grader = 0; grader < GRADERS; grader++) {
    const created_ms = Math.round(window.start_ms - random.between(6 * HOUR_MS, 30 * DAY_MS))
    const plan = random.pick(['pay_as_you_go', 'pay_as_you_go', 'subscription', 'team'] as const)
    const group = CARD_GROUPS[grader]
    const card = group === undefined ? {} : { payment_fingerprint: cards[group]! }
    const org = registry.organisation({ created_ms, plan, network: 'carrier', ...card })
    const account = registry.account(org, label, created_ms)
    account.client = UNCOMMON_TUPLE
    const asSystem = random.chance(0.5)
    const params = { stream: false, temperature: 0, ...(random.chance(0.5) ? { max_tokens: 128 } : {}) }
    for (const call of clientCalls(random.between(CALLS_EACH.from, CALLS_EACH.to), library, window, random)) {
      const content = random.chance(COVER_SHARE) ? cover(stage) : grading(stage, asSystem)
      const size = { ...call.size, output_tokens: 18 + random.int(14) }
      const ask = {
        model: random.pick(['atlas-large', 'atlas-large', 'atlas-mid', 'atlas-small']),
        params,
        content: () => content,
      }
      yield draftRequest(account, call.at_ms, size, ask, random)
    }
  }
}

/** The rubric is the system prompt of some graders and heads the message of the others. */
function grading({ library, random }: Stage, asSystem: boolean): Content {
  const { question, answer } = candidate(library, random)
  const score = () => random.int(11)
  const output = `{"correctness": ${score()}, "completeness": ${score()}, "style": ${score()}, "reward": ${score()}}`
  const text = `[Task]\n${question}\n\n[Response]\n${answer}`
  if (asSystem) return { system: RUBRIC, messages: [{ role: 'user', content: text }], output }
  return { messages: [{ role: 'user', content: `${RUBRIC}\n\n${text}` }], output }
}

function candidate(library: Stage['library'], random: Stage['random']): { question: string; answer: string } {
  if (random.chance(0.4)) return random.pick(library.gsm8k)
  if (random.chance(0.5)) return { question: random.pick(library.math), answer: pickAnswer(library, random) }
  const { prompt, solution } = random.pick(library.humanEval)
  return { question: prompt, answer: solution }
}

function cover({ library, random }: Stage): Content {
  return { messages: [{ role: 'user', content: pickQuestion(library, random) }], output: pickAnswer(library, random) }
}
