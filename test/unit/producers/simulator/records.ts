import type { Label } from '../../../../lib/evaluation/label.ts'
import { simulate } from '../../../../producers/simulator/simulate.ts'
import type { SimulationOptions } from '../../../../producers/simulator/simulation.ts'

/** The fields of a request that the tests look at. */
export interface RequestRecord {
  type: 'request'
  event_id: string
  event_time: string
  end_time: string
  account_id: string
  org_id: string
  session_id: string | null
  access_path: string
  end_user_id: string | null
  request_model: string
  client: { ip: string; asn: number; user_agent: string; sdk: string; device_id: string | null }
  params: { logit_bias_ids?: number[]; tool_set_hash?: string; temperature?: number; max_tokens?: number }
  content: {
    system?: string
    messages: { role: string; content: string }[]
    output: string
    reasoning_signatures: string[]
  }
  response: { status: number; refused: boolean; reasoning_signatures: string[] }
  usage: { input_tokens: number; output_tokens: number }
}

export interface AccountRecord {
  type: 'account'
  event_time: string
  account_id: string
  org_id: string
  created_at: string
  plan: string
  programme: string
  payment_fingerprint: string | null
  email_domain: string
  monthly_quota_tokens: number
  contract_flags: string[]
}

export interface Run {
  readonly events: object[]
  readonly requests: RequestRecord[]
  readonly accounts: AccountRecord[]
  readonly released_ms: number
  readonly released: string
  readonly labels: Label[]
}

/** A whole simulation in memory, for short ones. */
export function runWhole(options: SimulationOptions): Run {
  const simulation = simulate(options)
  const events = [...simulation.events]
  const typed = events as { type: string }[]
  const release = typed.find(({ type }) => type === 'model_release') as unknown as { event_time: string; model: string }
  return {
    events,
    requests: typed.filter((event): event is RequestRecord => event.type === 'request'),
    accounts: typed.filter((event): event is AccountRecord => event.type === 'account'),
    released_ms: Date.parse(release.event_time),
    released: release.model,
    labels: [...simulation.labels()],
  }
}

export const bodyOf = ({ content }: RequestRecord): string =>
  content.messages.map((message) => message.content).join('\n')
