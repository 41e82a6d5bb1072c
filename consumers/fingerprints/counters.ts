import { CUE_CLASSES } from '../../lib/sketch/cues.ts'
import type { SeenRequest } from './request-fields.ts'

/** What a pane counts, in wire order (`Pane.counts`). Append only. */
export const COUNTERS = [
  'requests',
  'late',
  'sketched',
  'errors',
  'rate_limited',
  'refusals',
  'input_tokens',
  'cache_read_tokens',
  'output_tokens',
  'reasoning_tokens',
  'streamed',
  'with_system',
  'with_tools',
  'with_images',
  'logprob_requests',
  'logprob_probes',
  'logit_bias_requests',
  ...CUE_CLASSES.map((cue) => `cue_${cue}` as const),
] as const

export type Counter = (typeof COUNTERS)[number]

/** Position of each counter in a pane. */
export const COUNTER_INDEX = Object.fromEntries(COUNTERS.map((name, index) => [name, index])) as Record<Counter, number>

/** A cue is present in a request when its score reaches this. */
export const CUE_PRESENT_MIN = 50

const AT = COUNTER_INDEX
const CUES_AT = AT[`cue_${CUE_CLASSES[0]}`]
const RATE_LIMITED = 429
const ERROR_MIN = 400

/** Adds one request to `counts`, which has one number per counter. */
export function countRequest(counts: number[], request: SeenRequest, late: boolean): void {
  const { usage, response, params, sketch } = request
  const bump = (index: number, by: number) => {
    counts[index] = counts[index]! + by
  }
  bump(AT.requests, 1)
  if (late) bump(AT.late, 1)
  if (response.status >= ERROR_MIN) bump(AT.errors, 1)
  if (response.status === RATE_LIMITED) bump(AT.rate_limited, 1)
  if (response.refused) bump(AT.refusals, 1)
  bump(AT.input_tokens, usage.input_tokens)
  bump(AT.cache_read_tokens, usage.cache_read_tokens)
  bump(AT.output_tokens, usage.output_tokens)
  bump(AT.reasoning_tokens, usage.reasoning_tokens)
  if (params.stream) bump(AT.streamed, 1)
  if ((params.tools_count ?? 0) > 0) bump(AT.with_tools, 1)
  if ((params.images_count ?? 0) > 0) bump(AT.with_images, 1)
  const asksLogprobs = (params.top_logprobs ?? 0) > 0
  if (asksLogprobs) bump(AT.logprob_requests, 1)
  if (asksLogprobs && params.max_tokens !== null && params.max_tokens <= 1) bump(AT.logprob_probes, 1)
  if (params.logit_bias_ids.length > 0) bump(AT.logit_bias_requests, 1)
  if (sketch === null) return
  bump(AT.sketched, 1)
  if (sketch.system_hash !== null) bump(AT.with_system, 1)
  for (let cue = 0; cue < sketch.cue_scores.length && cue < CUE_CLASSES.length; cue++) {
    if (sketch.cue_scores[cue]! >= CUE_PRESENT_MIN) bump(CUES_AT + cue, 1)
  }
}

/** Counts of requests per cue class, in the order of CUE_CLASSES. */
export function cueCounts(counts: readonly number[]): number[] {
  return CUE_CLASSES.map((_, cue) => counts[CUES_AT + cue] ?? 0)
}
