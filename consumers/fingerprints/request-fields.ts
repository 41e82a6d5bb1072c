import type { Fields, Projected } from '../../schemas/fields.ts'
import type { Request } from '../../schemas/types.ts'

/** What this stage reads of a request. Strings and byte strings are what decoding costs; the rest is skipped. */
export const REQUEST_FIELDS = {
  event_id: true,
  event_time_ms: true,
  end_time_ms: true,
  account_id: true,
  org_id: true,
  request_model: true,
  client: { network_hash: true, tuple_hash: true },
  params: {
    stream: true,
    max_tokens: true,
    top_logprobs: true,
    logit_bias_ids: true,
    tools_count: true,
    images_count: true,
  },
  usage: { input_tokens: true, cache_read_tokens: true, output_tokens: true, reasoning_tokens: true },
  response: { status: true, refused: true },
  sketch: {
    system_hash: true,
    prefix_hashes: true,
    body_hash: true,
    spans: { hash: true, cues: true },
    cue_scores: true,
    messages: true,
  },
} as const satisfies Fields<Request>

/** A request as this stage sees it. */
export type SeenRequest = Projected<Request, typeof REQUEST_FIELDS>
