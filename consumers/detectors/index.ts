import { injectedReasoningSpan } from './injected-reasoning-span.ts'
import type { Detector } from './kit.ts'
import { logprobProbing } from './logprob-probing.ts'
import { newAccountAtCeiling } from './new-account-at-ceiling.ts'

/** Every detector. Adding one is its file, a line here, and a fixture in test/fixtures/detectors. */
export const DETECTORS: readonly Detector[] = [injectedReasoningSpan, newAccountAtCeiling, logprobProbing]
