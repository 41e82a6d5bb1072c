import type { Params } from '../simulator/actor.ts'
import { type Account, HOUR_MS, type Label } from './account.ts'
import { ordinaryCalls, type Stage, withRetry } from './backbone.ts'
import { pickAnswer, pickQuestion } from './prompts.ts'
import { type Ask, type Draft, draftRequest } from './request.ts'
import { clientCalls, serviceArrivals, within } from './timing.ts'

/** Honest customers who do what campaigns do. Each is one organisation, which is the difference that counts. */
export function* lookAlikes(stage: Stage): Generator<Draft> {
  yield* evaluationFarm(stage)
  yield* batchEtl(stage)
  yield* explainability(stage)
  yield* llmJudge(stage)
  yield* classifier(stage)
  yield* gateway(stage)
  yield* migration(stage)
}

function customer(scenario: string, role: string): Label {
  return { label: 'benign', campaign_id: null, role, scenario }
}

const SOLVE = 'Solve the problem. Write down every step of your working, then give the final answer after "####".'

/** GSM8K twice over, as fast as two keys allow, within an hour. */
function* evaluationFarm({ registry, library, window, random }: Stage): Generator<Draft> {
  const org = registry.organisation({ plan: 'enterprise', network: 'cloud' })
  const keys = [0, 1].map(() => registry.account(org, customer('eval-farm', 'evaluation')))
  for (const key of keys) key.record.contract_flags = ['evaluation']
  const params: Params = { stream: false, max_tokens: 1024, temperature: 0 }
  const problems = [...library.gsm8k, ...library.gsm8k]
  const times_ms = serviceArrivals(problems.length, library, within(window, 0.3, 0.47), random)
  for (const [index, { question, answer }] of problems.entries()) {
    const content = () => ({ messages: [{ role: 'user', content: `${SOLVE}\n\n${question}` }], output: answer })
    const size = { input_tokens: 90 + random.int(80), output_tokens: random.pick(library.apiSizes).output_tokens }
    const call = { at_ms: times_ms[index]!, size }
    yield* withRetry(keys[index % keys.length]!, call, { model: 'atlas-large', params, content }, random)
  }
}

/** One template, thousands of rows, around the clock. */
function* batchEtl({ registry, library, window, random }: Stage): Generator<Draft> {
  const account = registry.account(
    registry.organisation({ plan: 'team', network: 'cloud' }),
    customer('batch-etl', 'etl'),
  )
  const params: Params = { stream: false, max_tokens: 64, temperature: 0 }
  const rows = library.etl.get('quartz_use_info_from_paragraph_question')!
  for (const at_ms of serviceArrivals(1_800, library, window, random)) {
    const row = random.pick(rows)
    const output = pickAnswer(library, random)
    const content = () => ({ messages: [{ role: 'user', content: row }], output })
    yield* withRetry(
      account,
      { at_ms, size: random.pick(library.apiSizes) },
      { model: 'atlas-small', params, content },
      random,
    )
  }
}

const EXPLAIN =
  'You advise a regulated lender. Explain step by step how you arrive at your recommendation, name every factor that you ' +
  'weighed and how much it counted, and only then state the recommendation. An auditor will read your explanation.'

/** Step-by-step reasoning on purpose, with one wrapper, from five keys of one lender. */
function* explainability({ registry, library, window, random }: Stage): Generator<Draft> {
  const org = registry.organisation({ plan: 'enterprise', network: 'carrier' })
  const params: Params = { stream: false, max_tokens: 4096, temperature: 0.2, reasoning: 'summarised' }
  for (let key = 0; key < 5; key++) {
    const account = registry.account(org, customer('explainability', 'audit'))
    for (const call of clientCalls(80, library, window, random)) {
      const question = pickQuestion(library, random)
      const output = pickAnswer(library, random)
      const content = () => ({ messages: [{ role: 'user', content: `${EXPLAIN}\n\nCase: ${question}` }], output })
      yield* withRetry(account, call, { model: 'atlas-large', params, content }, random)
    }
  }
}

/**
 * One customer grades its chatbot with the public MT-bench judge prompt; three strangers use the same prompt now and
 * then.
 */
function* llmJudge(stage: Stage): Generator<Draft> {
  const { registry, library, window, random } = stage
  const org = registry.organisation({ plan: 'team', network: 'cloud' })
  for (let key = 0; key < 2; key++) {
    const account = registry.account(org, customer('llm-judge', 'judge'))
    for (const call of clientCalls(200, library, window, random))
      yield* withRetry(account, call, publicJudgement(stage), random)
  }
  for (let stranger = 0; stranger < 3; stranger++) {
    const account = registry.account(registry.organisation(), customer('llm-judge', 'judge'))
    for (const call of clientCalls(12, library, window, random))
      yield* withRetry(account, call, publicJudgement(stage), random)
  }
}

/** A judgement with the public single-answer template. */
function publicJudgement({ library, random }: Stage): Ask {
  const template = library.judge.find(({ name }) => name === 'single-v1')!
  const question = pickQuestion(library, random)
  const answer = pickAnswer(library, random)
  const text = template.prompt_template.replace('{question}', () => question).replace('{answer}', () => answer)
  const output = `The answer is to the point. Rating: [[${1 + random.int(10)}]]`
  const content = () => ({ system: template.system_prompt, messages: [{ role: 'user', content: text }], output })
  return { model: 'atlas-large', params: { stream: false, max_tokens: 256, temperature: 0 }, content }
}

const CLASSES = [3363, 4633, 9891, 20551]

/** Classification by one token, with log probabilities and a bias towards four labels. */
function* classifier({ registry, library, window, random }: Stage): Generator<Draft> {
  const account = registry.account(registry.organisation({ plan: 'team' }), customer('classifier', 'classification'))
  const params: Params = { stream: false, max_tokens: 1, temperature: 0, top_logprobs: 4, logit_bias_ids: CLASSES }
  for (const call of clientCalls(250, library, window, random)) {
    const question = pickQuestion(library, random)
    const content = () => ({
      messages: [{ role: 'user', content: `Which department handles this? A, B, C or D.\n${question}` }],
      output: 'B',
    })
    yield* withRetry(account, call, { model: 'atlas-small', params, content }, random)
  }
}

/**
 * An enterprise gateway: the least recently used of its six keys takes the call, and the next one when it is turned
 * away.
 */
function* gateway({ registry, library, window, random }: Stage): Generator<Draft> {
  const org = registry.organisation({ plan: 'enterprise', network: 'cloud' })
  const keys = Array.from({ length: 6 }, () => registry.account(org, customer('gateway', 'gateway-key')))
  let turn = 0
  for (const at_ms of serviceArrivals(1_000, library, window, random)) {
    const question = pickQuestion(library, random)
    const output = pickAnswer(library, random)
    const content = () => ({ messages: [{ role: 'user', content: question }], output })
    const size = random.pick(library.apiSizes)
    const ask: Ask = { model: 'atlas-mid', params: { stream: true, max_tokens: 4096 }, content }
    if (random.chance(0.03)) {
      yield draftRequest(keys[turn++ % keys.length]!, at_ms, size, { ...ask, status: 429 }, random)
      yield draftRequest(keys[turn++ % keys.length]!, at_ms + random.between(500, 4_000), size, ask, random)
    } else {
      yield draftRequest(keys[turn++ % keys.length]!, at_ms, size, ask, random)
    }
  }
}

/** A workload that leaves its old key and starts on a fresh one at its ceiling at once. */
function* migration(stage: Stage): Generator<Draft> {
  const { registry, window } = stage
  const label = customer('migration', 'workload')
  const org = registry.organisation({ plan: 'pay_as_you_go', network: 'cloud' })
  const moves_ms = window.start_ms + 2 * HOUR_MS
  const old = registry.account(org, label)
  yield* ordinaryCalls({ ...stage, window: { ...window, end_ms: moves_ms } }, old, 'api', undefined)
  const fresh = registry.account(org, label, Math.round(moves_ms - 60_000))
  fresh.client = old.client
  yield* atCeiling(stage, fresh, moves_ms + 30_000)
  // Jobs that nobody had moved yet.
  yield* ordinaryCalls({ ...stage, window: { start_ms: moves_ms, end_ms: moves_ms + HOUR_MS } }, old, 'api', undefined)
}

function* atCeiling({ library, window, random }: Stage, account: Account, from_ms: number): Generator<Draft> {
  const params: Params = { stream: false, max_tokens: 2048, temperature: 0 }
  for (const at_ms of serviceArrivals(500, library, { start_ms: from_ms, end_ms: window.end_ms }, random)) {
    const question = pickQuestion(library, random)
    const output = pickAnswer(library, random)
    const content = () => ({ messages: [{ role: 'user', content: question }], output })
    const ask: Ask = { model: 'atlas-large', params, content, status: random.chance(0.1) ? 429 : 200 }
    yield draftRequest(account, at_ms, random.pick(library.apiSizes), ask, random)
  }
}
