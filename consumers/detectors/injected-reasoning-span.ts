import { z } from 'zod'
import { defineDetector, hasCue, share, windowOf } from './kit.ts'

/** One instruction span, the same in a large part of an account's requests, that elicits reasoning (signals S2, S3). */
export const injectedReasoningSpan = defineDetector({
  name: 'injected-reasoning-span',
  version: 1,
  block: 'payload',
  rule: {
    id: '5b0f6c1e-6f0a-4a53-9a0c-1f4f2f3f8f01',
    title: 'The same reasoning-eliciting instruction in a large part of the requests',
    status: 'test',
    level: 'medium',
    falsepositives: ['explainability and audit customers', 'chain-of-thought benchmarks', 'popular agent frameworks'],
    references: ['https://www.anthropic.com/news/detecting-and-preventing-distillation-attacks'],
  },
  window: '24h',
  standalone: false,
  settings: z.strictObject({
    uses_min: z.int().min(2).default(3).describe('requests that carry the span'),
    share_min: z.number().min(0).max(1).default(0.3).describe('of the requests with text'),
  }),
  evaluate(fingerprint, settings) {
    const window = windowOf(fingerprint, this.window)
    const n = window.sketched
    if (n < settings.uses_min) return { outcome: 'insufficient_data', n }
    // Spans come most used first, so the first with the cue is the account's main one.
    const span = window.spans.find(({ cues }) => hasCue(cues, 'reasoning'))
    const observed = share(span?.count ?? 0, n)
    if (!span || span.count < settings.uses_min || observed < settings.share_min)
      return { outcome: 'no_hit', n, observed }
    return {
      outcome: 'hit',
      n,
      observed,
      baseline: null,
      p_value: null,
      reason: 'injected_reasoning_span',
      object: span.hash,
      objectives: ['reasoning'],
    }
  },
})
