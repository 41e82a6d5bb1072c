import type { Params } from '../simulator/actor.ts'
import { DAY_MS, type Label } from './account.ts'
import type { Stage } from './backbone.ts'
import { type Draft, draftRequest } from './request.ts'
import { within } from './timing.ts'

const VOCABULARY = 50_257
/** Coprime to the vocabulary, so that the sweep visits every id once before it repeats. */
const STRIDE = 7_919

/**
 * One account that reads the output layer: the same body over and over, one token out, five log probabilities, and a
 * bias on another token each time (Carlini et al., "Stealing Part of a Production Language Model", ICML 2024).
 */
export function* prober({ registry, window, random }: Stage, requests: number): Generator<Draft> {
  const label: Label = { label: 'malicious', campaign_id: 'logprob-probe', role: 'prober', scenario: 'logprob-probe' }
  const created_ms = Math.round(window.start_ms - 5 * DAY_MS)
  const org = registry.organisation({ created_ms, plan: 'pay_as_you_go', network: 'cloud' })
  const account = registry.account(org, label, created_ms)
  const { start_ms, end_ms } = within(window, 0.15, 0.85)
  const step_ms = (end_ms - start_ms) / requests
  const content = () => ({ messages: [{ role: 'user', content: 'The next word of this sentence is' }], output: ' a' })
  for (let probe = 0; probe < requests; probe++) {
    const at_ms = start_ms + (probe + random.between(0.1, 0.9)) * step_ms
    const params: Params = {
      stream: false,
      max_tokens: 1,
      temperature: 0,
      top_logprobs: 5,
      logit_bias_ids: [(probe * STRIDE) % VOCABULARY],
    }
    yield draftRequest(
      account,
      at_ms,
      { input_tokens: 14, output_tokens: 1 },
      { model: 'atlas-large', params, content },
      random,
    )
  }
}
