import type { Random } from '../../sample/random.ts'
import type { Params } from '../actor.ts'
import { createCampaign } from '../relay/campaign.ts'
import type { Session } from '../relay/session.ts'
import type { Scenario, ScenarioSettings } from '../stage.ts'
import { question } from '../texts.ts'

const PROBES_PER_DAY = 50_000
const VOCABULARY = 50_257
/** Coprime to the vocabulary, so that the sweep visits every id once before it repeats. */
const STRIDE = 7_919
/** Bodies that a prober who is not naive takes in turn: one size for all would give it away. */
const BODIES = 60

/**
 * Reads the output layer: one body, one token out, log probabilities, and a bias on other tokens each time (Carlini et al.,
 * ICML 2024). The levels split it over accounts, ask for several ids at once and vary the body.
 */
export const m10LogprobProbing: Scenario = {
  name: 'M10',
  summary: 'log-probability sweep over the vocabulary, by one account or split over many',
  label: 'malicious',
  accounts: 40,
  accounts_min: 8,
  run(stage, settings) {
    const count = settings.level === 0 ? 1 : settings.accounts
    const campaign = createCampaign(stage, settings, { scenario: 'M10', requestsPerDay: PROBES_PER_DAY / count })
    for (let index = 0; index < count; index++) campaign.hire({ role: 'prober' })
    const naive = { text: 'The next word of this sentence is', input_tokens: 14 }
    const ordinary = () => ({
      text: question(stage.library, campaign.random),
      input_tokens: campaign.random.pick(stage.library.apiSizes).input_tokens,
    })
    const bodies = settings.level === 0 ? [naive] : Array.from({ length: BODIES }, ordinary)
    let probe = 0
    campaign.mixed({
      perDay: count * campaign.requestsPerDay,
      session: (at_ms, random) => {
        const model = stage.world.model(random, at_ms)
        return probeSession(
          settings.level === 3 ? ordinary() : random.pick(bodies),
          settings.level,
          probe++,
          model,
          random,
        )
      },
    })
  },
}

function probeSession(
  { text, input_tokens }: { text: string; input_tokens: number },
  level: ScenarioSettings['level'],
  probe: number,
  model: string,
  random: Random,
): Session {
  const width = [1, 1, 4, 24][level]!
  const params: Params = {
    stream: false,
    // More than one token, and it is no probe by the rule.
    max_tokens: level === 3 ? 2 + random.int(4) : 1,
    temperature: 0,
    top_logprobs: level === 3 ? random.pick([3, 5, 5]) : 5,
    logit_bias_ids: Array.from({ length: width }, (_, index) => ((probe * width + index) * STRIDE) % VOCABULARY),
  }
  const content = { messages: [{ role: 'user', content: text }], output: ' a' }
  return {
    key: undefined,
    model,
    params,
    turns: [{ offset_ms: 0, size: { input_tokens, output_tokens: params.max_tokens! } }],
    content: () => content,
    objective: () => null,
  }
}
