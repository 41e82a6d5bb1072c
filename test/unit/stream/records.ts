import type { TakenHop } from '../../../lib/stream/assembler.ts'
import type { InputRecord, RejectedRecord } from '../../../lib/stream/record.ts'
import { SourceValues } from '../../../lib/stream/source-values.ts'
import type { Account, Request } from '../../../schemas/types.ts'

export const HOP_MS = 60_000

/** A value of the requests topic that ended at `end_time_ms`. */
export function requestValue(event_id: string, end_time_ms: number): Request {
  return {
    event_id,
    event_time_ms: end_time_ms,
    end_time_ms,
    account_id: 'a-1',
    org_id: null,
    api_key_hash: null,
    end_user_hash: null,
    session_hash: null,
    access_path: 'first_party',
    request_model: 'model-1',
    operation: 'chat',
    client: {
      network_hash: null,
      asn: null,
      country: null,
      tuple_hash: null,
      connection_hash: null,
      device_hash: null,
    },
    params: {
      stream: null,
      seed_set: false,
      response_format: null,
      tool_set_hash: null,
      max_tokens: null,
      temperature: null,
      top_p: null,
      choice_count: null,
      top_logprobs: null,
      logit_bias_ids: [],
      tools_count: null,
      images_count: null,
      reasoning: null,
    },
    usage: { input_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0, output_tokens: 0, reasoning_tokens: 0 },
    response: {
      status: 200,
      error_type: null,
      finish_reason: null,
      refused: false,
      latency_ms: null,
      time_to_first_chunk_ms: null,
    },
    signatures_presented: [],
    signatures_emitted: [],
    sketch: null,
  }
}

/** A value of the accounts topic. */
export function accountValue(account_id: string, event_time_ms: number): Account {
  return {
    event_id: null,
    event_time_ms,
    account_id,
    org_id: account_id,
    created_at_ms: null,
    plan: null,
    programme: null,
    verification: null,
    billing_country: null,
    payment_hash: null,
    email_domain_hash: null,
    signup_network_hash: null,
    monthly_quota_tokens: null,
    contract_flags: [],
  }
}

/** An input record with nothing on it, changed as given. */
export function inputRecord(changes: Partial<InputRecord> & Pick<InputRecord, 'topic' | 'offset'>): InputRecord {
  return {
    partition: 0,
    value: null,
    hop: null,
    watermark_ms: null,
    rejection: null,
    raw: null,
    packed: null,
    ...changes,
  }
}

/** Source values as a processor is given them, which is how they waited. */
export function sourceRecords(requests: readonly Request[]): SourceValues<Request> {
  const values = new SourceValues<Request>()
  for (const request of requests) values.add(request, { packed: null })
  return values
}

/** What can be said of a taken hop without its objects. */
export function summaryOf({ input }: TakenHop) {
  return {
    hop: input.hop,
    requests: [...(input.records.requests ?? [])].map(({ event_id }) => event_id).sort(),
    late: [...input.late].map((place) => input.records.requests?.at(place)?.event_id).sort(),
    accounts: (input.records.accounts ?? []).map(({ account_id }) => account_id),
  }
}

export function placeOf({ topic, partition, offset, rejection }: Omit<InputRecord, 'value'> | RejectedRecord): string {
  return `${topic}/${partition}@${offset} ${rejection?.reason}`
}
