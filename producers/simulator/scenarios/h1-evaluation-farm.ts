import type { Actor, Params } from '../actor.ts'
import { atTimes, enrol, established, HOUR_MS, honest } from '../honest/cast.ts'
import { soleCall } from '../sdk.ts'
import type { Scenario, Stage } from '../stage.ts'

const SOLVE = 'Solve the problem. Write down every step of your working, then give the final answer after "####".'
const CHOOSE = 'The following is a multiple choice question. Think step by step and finish with "The answer is (X)".'
const COMPLETE = 'Complete the function. Return only the code, without explanation.'
/** Samples per programming task: pass@k. */
const SAMPLES = 5

interface Task {
  readonly text: string
  readonly output: string
  readonly params: Params
}

/** Public benchmarks, whole, on the day a model comes out, as fast as the keys allow; and every night before. */
export const evaluationFarm: Scenario = {
  name: 'H1',
  summary: 'evaluation farm: public benchmarks with pass@k on the day of a release, and every night',
  label: 'benign',
  accounts: 6,
  accounts_min: 2,
  run(stage, settings) {
    const { random, window, world } = stage
    const org = world.organisation(random, {
      plan: random.pick(['enterprise', 'team']),
      network: 'cloud',
      created_ms: established(stage),
    })
    const flagged = random.chance(0.5)
    const keys = Array.from({ length: settings.accounts }, () =>
      enrol(stage, org, honest(settings, 'evaluation'), flagged ? { contract_flags: ['evaluation'] } : {}),
    )
    const starts = nights(stage)
    const share = Math.min(1, 0.12 * settings.rate)
    for (const start_ms of starts) stage.spawn(suite(share, start_ms, 'atlas-large'), start_ms)
    const released_ms = world.release.at_ms + random.between(0.2, 4) * HOUR_MS
    for (let round = 0; round < Math.max(1, Math.round(settings.rate)); round++)
      stage.spawn(suite(Math.min(1, settings.rate), released_ms, world.release.model), released_ms)

    function suite(part: number, start_ms: number, model: string): Actor {
      const tasks = benchmark(stage).filter(() => random.chance(part))
      const length_ms = random.between(1, 3) * HOUR_MS
      const times = tasks.map(() => start_ms + random.unit() * length_ms).sort((a, b) => a - b)
      let next = 0
      return atTimes(stage, times, (at_ms) => {
        const { text, output, params } = tasks[next]!
        const account = keys[next++ % keys.length]!
        const size = {
          input_tokens: 90 + random.int(200),
          output_tokens: random.pick(stage.library.apiSizes).output_tokens,
        }
        const content = () => ({ messages: [{ role: 'user', content: text }], output })
        return soleCall(random, { account, at_ms, model, params, size, content })
      })
    }

    function nights({ window: { start_ms, end_ms } }: Stage): number[] {
      const first_ms = start_ms + random.between(0, 8) * HOUR_MS
      const count = Math.ceil((end_ms - first_ms) / (24 * HOUR_MS))
      return Array.from({ length: count }, (_, night) => first_ms + night * 24 * HOUR_MS).filter(
        (at) => at < window.end_ms,
      )
    }
  },
}

function benchmark({ library, random }: Stage): Task[] {
  const greedy: Params = { stream: false, max_tokens: 1024, temperature: 0 }
  const sampled: Params = { stream: false, max_tokens: 2048, temperature: 0.8 }
  const choices = library.etl.get('commonsense_qa_most_suitable_answer') ?? []
  return [
    ...library.gsm8k.map(({ question, answer }) => ({
      text: `${SOLVE}\n\n${question}`,
      output: answer,
      params: greedy,
    })),
    ...choices.map((row) => ({
      text: `${CHOOSE}\n\n${row}`,
      output: `The answer is (${random.pick(['A', 'B', 'C'])}).`,
      params: greedy,
    })),
    ...library.humanEval.flatMap(({ prompt, solution }) =>
      Array.from({ length: SAMPLES }, () => ({ text: `${COMPLETE}\n\n${prompt}`, output: solution, params: sampled })),
    ),
  ]
}
