import { z } from 'zod'
import { defineDetector, share, windowOf } from './kit.ts'

/**
 * Reads the output layer through log probabilities: one body, one token, thousands of logit_bias ids swept (Carlini et
 * al. 2024, arXiv 2403.06634; Finlayson et al. 2024, arXiv 2403.09539). An exact rule: ordinary use biases some fifty ids.
 */
export const logprobProbing = defineDetector({
  name: 'logprob-probing',
  version: 1,
  block: 'payload',
  rule: {
    id: 'c2a9f5d0-3f7e-4a6e-9a55-6e1b7d0c3b03',
    title: 'Log-probability sweep over the vocabulary',
    status: 'stable',
    level: 'high',
    falsepositives: ['classification through logit_bias, far below the thresholds'],
    references: ['https://arxiv.org/abs/2403.06634', 'https://arxiv.org/abs/2403.09539'],
  },
  window: '24h',
  standalone: true,
  settings: z.strictObject({
    probes_min: z.int().min(1).default(1_000).describe('requests for one token with log probabilities'),
    ids_min: z.int().min(1).default(5_000).describe('distinct token ids in logit_bias'),
    repeat_share_min: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe('of the probes that repeat one body, logit_bias aside'),
  }),
  evaluate(fingerprint, settings) {
    const window = windowOf(fingerprint, this.window)
    const n = window.logprob_probes
    if (n < settings.probes_min) return { outcome: 'insufficient_data', n }
    const observed = window.logit_bias_ids
    const repeatShare = share(window.bodies[0]?.count ?? 0, n)
    if (observed < settings.ids_min || repeatShare < settings.repeat_share_min)
      return { outcome: 'no_hit', n, observed }
    const reason = 'logit_bias_sweep'
    return { outcome: 'hit', n, observed, baseline: 50, p_value: null, reason, objectives: ['logprobs'] }
  },
})
