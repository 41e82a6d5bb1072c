import type { RequestSketcher, SamplingParams } from '../../lib/sketch/request-sketch.ts'
import type { Client, Params, Request, RequestSketch, Response, Usage } from '../../schemas/types.ts'
import { TIME_MIN_MS } from './arrival.ts'
import type { InputRequest } from './contract.ts'
import { givenSketch, hasText, textOf } from './edge-sketch.ts'
import { accessPath, countryCode, identifier, modelName } from './identifier.ts'
import type { InfrastructureHash } from './infrastructure-hash.ts'
import type { Refusal } from './reject.ts'
import { parseRfc3339 } from './rfc3339.ts'

// A long agent conversation presents its whole history of signatures; the newest tell where it came from.
const SIGNATURES_MAX = 128
// As many as the largest public API accepts.
const LOGIT_BIAS_IDS_MAX = 1024

type InputParams = NonNullable<InputRequest['params']>
type InputClient = NonNullable<InputRequest['client']>

/** A checked input request as the record for the requests topic. Text and plain identifiers end here. */
export function edgeRequest(
  input: InputRequest,
  hashes: InfrastructureHash,
  sketch: RequestSketcher,
): Request | Refusal {
  const event_time_ms = parseRfc3339(input.event_time)!
  const latency_ms = rounded(input.response.latency_ms)
  const end_time_ms = input.end_time ? parseRfc3339(input.end_time)! : event_time_ms + (latency_ms ?? 0)
  if (end_time_ms < event_time_ms) {
    return { reason: 'end_before_event', detail: 'end_time is before event_time' }
  }
  // The end is looked at with the order of arrival; the beginning is only known here.
  if (event_time_ms < TIME_MIN_MS) {
    return { reason: 'time_out_of_range', detail: 'expected an event_time from 2020 to 2099' }
  }
  return {
    event_id: input.event_id,
    event_time_ms,
    end_time_ms,
    account_id: input.account_id,
    org_id: input.org_id || null,
    api_key_hash: hashes.hash('api_key', input.api_key_id),
    end_user_hash: hashes.hash('end_user', input.end_user_id),
    session_hash: hashes.hash('session', input.session_id),
    access_path: accessPath(input.access_path),
    request_model: modelName(input.request_model),
    operation: identifier(input.operation) ?? 'chat',
    client: edgeClient(input.client ?? {}, hashes),
    params: edgeParams(input.params ?? {}, hashes),
    usage: edgeUsage(input.usage ?? {}),
    response: edgeResponse(input.response, latency_ms),
    signatures_presented: signatureHashes(input.content?.reasoning_signatures, hashes),
    signatures_emitted: signatureHashes(input.response.reasoning_signatures, hashes),
    sketch: edgeSketch(input, sketch),
  }
}

function edgeSketch(input: InputRequest, sketch: RequestSketcher): RequestSketch | null {
  if (hasText(input.content)) return sketch(textOf(input.content), samplingParams(input.params ?? {}))
  return input.sketch ? givenSketch(input.sketch) : null
}

function samplingParams(params: InputParams): SamplingParams {
  const seed = typeof params.seed === 'number' ? params.seed : null
  return { ...params, seed, response_format: formatName(params) }
}

function formatName(params: InputParams): string | null {
  const format = params.response_format
  return identifier(typeof format === 'object' ? format?.type : format)
}

function edgeClient(client: InputClient, hashes: InfrastructureHash): Client {
  return {
    network_hash: hashes.network(client.ip),
    asn: client.asn ?? null,
    country: countryCode(client.country),
    tuple_hash: hashes.hash('client_tuple', clientTuple(client)),
    connection_hash: hashes.hash('connection', client.connection_id),
    device_hash: hashes.hash('device', client.device_id),
  }
}

/** Null when nothing is known of the client software: absence must not look like something shared. */
function clientTuple(client: InputClient): string | null {
  const { user_agent, sdk, sdk_version, runtime, os, ja4, header_set } = client
  const known = user_agent || sdk || sdk_version || runtime || os || ja4 || header_set
  if (!known) return null
  return [user_agent, sdk, sdk_version, runtime, os, ja4, header_set].map((part) => part ?? '').join('\0')
}

function edgeParams(params: InputParams, hashes: InfrastructureHash): Params {
  return {
    stream: params.stream ?? null,
    seed_set: params.seed !== null && params.seed !== undefined,
    response_format: formatName(params),
    tool_set_hash: hashes.hash('tool_set', params.tool_set_hash),
    max_tokens: params.max_tokens ?? null,
    temperature: params.temperature ?? null,
    top_p: params.top_p ?? null,
    choice_count: params.choice_count ?? null,
    top_logprobs: params.top_logprobs ?? null,
    logit_bias_ids: params.logit_bias_ids?.slice(0, LOGIT_BIAS_IDS_MAX) ?? [],
    tools_count: params.tools_count ?? null,
    images_count: params.images_count ?? null,
    reasoning: identifier(params.reasoning),
  }
}

function edgeUsage(usage: NonNullable<InputRequest['usage']>): Usage {
  return {
    input_tokens: usage.input_tokens ?? 0,
    cache_read_tokens: usage.cache_read_tokens ?? 0,
    cache_write_tokens: usage.cache_write_tokens ?? 0,
    output_tokens: usage.output_tokens ?? 0,
    reasoning_tokens: usage.reasoning_tokens ?? 0,
  }
}

function edgeResponse(response: InputRequest['response'], latency_ms: number | null): Response {
  return {
    status: response.status,
    error_type: identifier(response.error_type),
    finish_reason: identifier(response.finish_reason),
    refused: response.refused ?? false,
    latency_ms,
    time_to_first_chunk_ms: rounded(response.time_to_first_chunk_ms),
  }
}

function signatureHashes(signatures: string[] | null | undefined, hashes: InfrastructureHash): number[] {
  const present = (signatures ?? []).filter((signature) => signature !== '').slice(-SIGNATURES_MAX)
  return present.map((signature) => hashes.hashOnce('reasoning_signature', signature))
}

function rounded(duration_ms: number | null | undefined): number | null {
  return duration_ms === null || duration_ms === undefined ? null : Math.round(duration_ms)
}
