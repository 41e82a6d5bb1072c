import xxhash from 'xxhash-wasm'
import { Distinct } from '../../sketch/distinct.ts'
import type { Features } from './fields.ts'

const { h32 } = await xxhash()

interface Sums {
  requests: number
  ok: number
  refused: number
  input_tokens: number
  output_tokens: number
  first_ms: number
  last_ms: number
  readonly networks: Distinct
  readonly clients: Distinct
  readonly models: Distinct
  readonly sessions: Distinct
  readonly hours: Set<number>
}

interface RawRequest {
  readonly event_time?: string
  readonly request_model?: string
  readonly session_id?: string | null
  readonly client?: { readonly ip?: string | null; readonly user_agent?: string | null } | null
  readonly usage?: { readonly input_tokens?: number | null; readonly output_tokens?: number | null } | null
  readonly response?: { readonly status?: number; readonly refused?: boolean | null }
}

/** What the requests of each account come to. A few hundred bytes an account; distinct values are exact up to 128. */
export class AccountAggregates {
  private readonly accounts = new Map<string, Sums>()

  add(account_id: string, { event_time, request_model, session_id, client, usage, response }: RawRequest): void {
    const sums = this.accounts.get(account_id) ?? emptySums()
    this.accounts.set(account_id, sums)
    const event_ms = Date.parse(event_time ?? '')
    sums.requests++
    if (response?.status === 200) sums.ok++
    if (response?.refused === true) sums.refused++
    sums.input_tokens += usage?.input_tokens ?? 0
    sums.output_tokens += usage?.output_tokens ?? 0
    sums.first_ms = Math.min(sums.first_ms, event_ms)
    sums.last_ms = Math.max(sums.last_ms, event_ms)
    sums.hours.add(new Date(event_ms).getUTCHours())
    if (typeof client?.ip === 'string') sums.networks.add(h32(client.ip))
    if (typeof client?.user_agent === 'string') sums.clients.add(h32(client.user_agent))
    if (typeof request_model === 'string') sums.models.add(h32(request_model))
    if (typeof session_id === 'string') sums.sessions.add(h32(session_id))
  }

  *entries(): Generator<{ account_id: string; features: Features }> {
    for (const [account_id, sums] of this.accounts) yield { account_id, features: features(sums) }
  }
}

function emptySums(): Sums {
  return {
    requests: 0,
    ok: 0,
    refused: 0,
    input_tokens: 0,
    output_tokens: 0,
    first_ms: Number.POSITIVE_INFINITY,
    last_ms: Number.NEGATIVE_INFINITY,
    networks: new Distinct(),
    clients: new Distinct(),
    models: new Distinct(),
    sessions: new Distinct(),
    hours: new Set(),
  }
}

function features(sums: Sums): Features {
  const { requests } = sums
  return new Map([
    ['requests', requests],
    ['share of status 200', sums.ok / requests],
    ['share refused', sums.refused / requests],
    ['input tokens a request', sums.input_tokens / requests],
    ['output tokens a request', sums.output_tokens / requests],
    ['distinct ips', sums.networks.count()],
    ['requests an ip', requests / Math.max(1, sums.networks.count())],
    ['distinct user agents', sums.clients.count()],
    ['distinct models', sums.models.count()],
    ['distinct sessions', sums.sessions.count()],
    ['distinct hours of the day', sums.hours.size],
    ['span of activity', sums.last_ms - sums.first_ms],
    ['mean gap', (sums.last_ms - sums.first_ms) / requests],
  ])
}
