import { createRequestSketcher, type SketchKeys } from '../../lib/sketch/request-sketch.ts'
import type { Account, ModelRelease, Outcome, Request } from '../../schemas/types.ts'
import type { InputAccount, InputModelRelease, InputOutcome, InputRecord } from './contract.ts'
import { edgeRequest } from './edge-request.ts'
import { countryCode, identifier, modelName } from './identifier.ts'
import { createInfrastructureHash, type InfrastructureHash } from './infrastructure-hash.ts'
import type { Refusal } from './reject.ts'
import { parseRfc3339 } from './rfc3339.ts'

/** A record for one of the four input topics, with its key. It holds no text and no plain identifier but ids of accounts. */
export type TopicRecord =
  | { topic: 'requests'; key: string; value: Request }
  | { topic: 'accounts'; key: string; value: Account }
  | { topic: 'outcomes'; key: string; value: Outcome }
  | { topic: 'model-releases'; key: string; value: ModelRelease }

export interface EdgeOptions {
  keys: SketchKeys
}

export type Edge = (input: InputRecord) => TopicRecord | Refusal

// Of three that CONTRACT names.
const CONTRACT_FLAGS_MAX = 16

/**
 * The line between a provider's logs and everything of ours: content becomes a sketch under the content key,
 * identifiers become hashes under the infrastructure key, names that are no identifiers become 'other'.
 */
export function createEdge(options: EdgeOptions): Edge {
  const hashes = createInfrastructureHash(options.keys.infrastructure.secret)
  const sketch = createRequestSketcher(options.keys)
  return (input) => {
    if (input.type === 'request') {
      const value = edgeRequest(input.record, hashes, sketch)
      return 'reason' in value ? value : { topic: 'requests', key: value.account_id, value }
    }
    if (input.type === 'account') {
      return { topic: 'accounts', key: input.record.account_id, value: edgeAccount(input.record, hashes) }
    }
    if (input.type === 'outcome') {
      return { topic: 'outcomes', key: input.record.account_id, value: edgeOutcome(input.record) }
    }
    const value = edgeModelRelease(input.record)
    return { topic: 'model-releases', key: value.model, value }
  }
}

function edgeAccount(input: InputAccount, hashes: InfrastructureHash): Account {
  return {
    event_id: input.event_id || null,
    event_time_ms: parseRfc3339(input.event_time)!,
    account_id: input.account_id,
    org_id: input.org_id || input.account_id,
    created_at_ms: input.created_at ? parseRfc3339(input.created_at) : null,
    plan: identifier(input.plan),
    programme: identifier(input.programme),
    verification: identifier(input.verification),
    billing_country: countryCode(input.billing_country),
    payment_hash: hashes.hash('payment', input.payment_fingerprint),
    email_domain_hash: hashes.hash('email_domain', emailDomain(input.email_domain)),
    signup_network_hash: hashes.network(input.signup_ip),
    monthly_quota_tokens: input.monthly_quota_tokens ?? null,
    contract_flags: (input.contract_flags ?? []).slice(0, CONTRACT_FLAGS_MAX).flatMap((flag) => identifier(flag) ?? []),
  }
}

/** The part after the last @, should a whole address have been logged. */
function emailDomain(value: string | null | undefined): string | null {
  return value ? value.slice(value.lastIndexOf('@') + 1).toLowerCase() : null
}

function edgeOutcome(input: InputOutcome): Outcome {
  return {
    event_id: input.event_id || null,
    event_time_ms: parseRfc3339(input.event_time)!,
    account_id: input.account_id,
    outcome: input.outcome,
    alert_id: input.alert_id || null,
    reason_code: identifier(input.reason),
  }
}

function edgeModelRelease(input: InputModelRelease): ModelRelease {
  return {
    event_time_ms: parseRfc3339(input.event_time)!,
    model: modelName(input.model),
    tier: identifier(input.tier),
  }
}
