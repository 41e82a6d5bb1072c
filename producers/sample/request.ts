import type { Content, Params } from '../simulator/actor.ts'
import { CHARS_PER_TOKEN } from '../traces/format.ts'
import { assumedLatency_ms } from '../traces/latency.ts'
import type { Account } from './account.ts'
import type { Size } from './library.ts'
import type { Random } from './random.ts'

/** What one call is about. `content` is a function: text is put together only when the event is read. */
export interface Ask {
  model: string
  params: Params
  content: () => Content
  session_id?: string | undefined
  status?: number
}

/** A call that is to become an event. */
export interface Draft extends Ask {
  account: Account
  event_ms: number
  end_ms: number
  address: Account['addresses'][number]
  size: Size
}

/** A rejected call is answered at once and used nothing. */
const REJECTED_MS = 40

/** Fixes time, size and address of a call; latency follows the size with a third of noise. */
export function draftRequest(account: Account, event_ms: number, size: Size, ask: Ask, random: Random): Draft {
  const failed = (ask.status ?? 200) !== 200
  const output_tokens = failed
    ? 0
    : Math.max(1, Math.min(size.output_tokens, ask.params.max_tokens ?? Number.POSITIVE_INFINITY))
  const busy_ms = assumedLatency_ms(size.input_tokens, output_tokens) * random.logNormal(0.35)
  const whole_ms = Math.round(event_ms)
  return {
    ...ask,
    account,
    event_ms: whole_ms,
    end_ms: whole_ms + Math.round(failed ? REJECTED_MS : busy_ms),
    address: random.pick(account.addresses),
    size: { input_tokens: size.input_tokens, output_tokens },
  }
}

const ERRORS: Record<number, string> = { 403: 'permission_error', 429: 'rate_limit_error', 529: 'overloaded_error' }

/** The input `request` record. Tokens are those of the trace, and never fewer than the stand-in text has. */
export function renderRequest(draft: Draft, event_id: string): object {
  const { account, params, size } = draft
  const status = draft.status ?? 200
  const content = draft.content()
  const latency_ms = draft.end_ms - draft.event_ms
  return {
    type: 'request',
    event_id,
    event_time: new Date(draft.event_ms).toISOString(),
    end_time: new Date(draft.end_ms).toISOString(),
    account_id: account.record.account_id,
    org_id: account.record.org_id,
    api_key_id: account.api_key_id,
    session_id: draft.session_id ?? null,
    access_path: 'first_party',
    request_model: draft.model,
    operation: 'chat',
    client: { ...draft.address, ...account.client },
    params,
    content: {
      ...content,
      output: status === 200 ? content.output.slice(0, size.output_tokens * CHARS_PER_TOKEN) : '',
    },
    usage: {
      input_tokens: status === 200 ? Math.max(size.input_tokens, Math.ceil(inputChars(content) / CHARS_PER_TOKEN)) : 0,
      output_tokens: size.output_tokens,
      reasoning_tokens: status === 200 && params.reasoning === 'on' ? Math.floor(size.output_tokens * 0.6) : 0,
    },
    response: {
      status,
      error_type: ERRORS[status] ?? null,
      finish_reason: finishReason(status, size, params),
      refused: false,
      latency_ms,
      time_to_first_chunk_ms: params.stream === true && status === 200 ? Math.round(latency_ms * 0.2) : null,
    },
  }
}

function inputChars({ system, messages }: Content): number {
  return messages.reduce((chars, message) => chars + message.content.length, system?.length ?? 0)
}

function finishReason(status: number, size: Size, params: Params): string | null {
  if (status !== 200) return null
  return size.output_tokens === params.max_tokens ? 'length' : 'stop'
}
