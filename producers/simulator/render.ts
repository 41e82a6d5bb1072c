import { CHARS_PER_TOKEN } from '../traces/format.ts'
import type { Address, ClientTuple } from './account.ts'
import type { Call, Content, Params } from './actor.ts'

/** A call that has been answered and waits to be written. */
export interface Draft {
  readonly id: string
  readonly call: Call
  readonly status: number
  readonly event_ms: number
  readonly end_ms: number
  readonly output_tokens: number
  readonly signatures: readonly string[]
  readonly client: ClientTuple
  readonly address: Address
  readonly connection_id: string
}

const ERRORS: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

const REFUSALS = [
  "I can't help with that request.",
  "I'm not able to do that, but I'm happy to help with something else.",
  "Sorry, I can't share that. Is there another way in which I can help?",
  "I won't be able to assist with this as it is asked. If you tell me more about what you need, I may be able to suggest something.",
]

/** CONTRACT's `request` record. Tokens are those of the trace, and never fewer than the stand-in text has. */
export function renderRequest(draft: Draft): object {
  const { call, status, event_ms, end_ms, output_tokens } = draft
  const { account, params, size } = call
  const { system, messages, output } = call.content()
  const ok = status === 200
  const refused = ok && call.refused === true
  const latency_ms = end_ms - event_ms
  const input_tokens = Math.max(
    Math.round(size.input_tokens),
    Math.ceil(inputChars(system, messages) / CHARS_PER_TOKEN),
  )
  return {
    type: 'request',
    event_id: `req-${draft.id}`,
    event_time: new Date(event_ms).toISOString(),
    end_time: new Date(end_ms).toISOString(),
    account_id: account.record.account_id,
    org_id: account.record.org_id,
    api_key_id: account.api_key_id,
    end_user_id: call.end_user_id ?? null,
    session_id: call.session_id ?? null,
    access_path: account.access_path,
    request_model: call.model,
    operation: call.operation ?? 'chat',
    client: { ...draft.address, ...draft.client, connection_id: draft.connection_id, device_id: account.device_id },
    params,
    content: {
      ...(system === undefined ? {} : { system }),
      messages,
      reasoning_signatures: call.signatures ?? [],
      output: ok ? (refused ? refusal(draft.id) : output.slice(0, output_tokens * CHARS_PER_TOKEN)) : '',
    },
    usage: {
      input_tokens: ok ? input_tokens : 0,
      cache_read_tokens: ok ? Math.min(input_tokens, Math.round(size.cache_read_tokens ?? 0)) : 0,
      output_tokens,
      reasoning_tokens: ok && params.reasoning === 'on' ? Math.floor(output_tokens * 0.6) : 0,
    },
    response: {
      status,
      error_type: ERRORS[status] ?? (ok ? null : 'api_error'),
      finish_reason: finishReason(ok, refused, output_tokens, params),
      refused,
      latency_ms,
      time_to_first_chunk_ms: params.stream === true && ok ? Math.round(latency_ms * 0.2) : null,
      reasoning_signatures: draft.signatures,
    },
  }
}

function inputChars(system: string | undefined, messages: Content['messages']): number {
  return messages.reduce((chars, message) => chars + message.content.length, system?.length ?? 0)
}

function refusal(id: string): string {
  return REFUSALS[Number.parseInt(id.slice(0, 6), 16) % REFUSALS.length]!
}

function finishReason(ok: boolean, refused: boolean, output_tokens: number, params: Params): string | null {
  if (!ok) return null
  if (refused) return 'refusal'
  return output_tokens === params.max_tokens ? 'length' : 'stop'
}
