import { describe, expect, test } from 'vitest'
import { keyedHash52 } from '../../../../lib/sketch/keyed-hash.ts'
import { createRequestSketcher } from '../../../../lib/sketch/request-sketch.ts'
import { readRecord } from '../../../../producers/intake/contract.ts'
import { createEdge, type TopicRecord } from '../../../../producers/intake/edge.ts'
import type { Refusal } from '../../../../producers/intake/reject.ts'
import type { Account, Outcome, Request } from '../../../../schemas/types.ts'
import { inputAccount, inputRequest, KEYS, START_MS } from './records.ts'

const edge = createEdge({ keys: KEYS })
const infrastructure = (domain: string, value: string): number => keyedHash52(KEYS.infrastructure.secret, domain, value)

function through(input: unknown): TopicRecord | Refusal {
  const record = readRecord(JSON.parse(JSON.stringify(input)))
  return 'reason' in record ? record : edge(record)
}

function requestOf(changes: Record<string, unknown>): Request {
  const record = through(inputRequest(0, changes))
  if (!('topic' in record) || record.topic !== 'requests') throw new Error(`no request: ${JSON.stringify(record)}`)
  return record.value
}

function accountOf(changes: Record<string, unknown>): Account {
  const record = through(inputAccount(0, changes))
  if (!('topic' in record) || record.topic !== 'accounts') throw new Error(`no account: ${JSON.stringify(record)}`)
  return record.value
}

const minhash = Buffer.from(Array.from({ length: 32 }, (_, i) => 8 * i))

const FULL = {
  event_time: '2025-11-03T10:00:00.250Z',
  end_time: '2025-11-03T12:00:04.250+02:00',
  org_id: 'o-1',
  api_key_id: 'key-1',
  end_user_id: 'user-1',
  session_id: 'session-1',
  access_path: 'reseller:acme',
  operation: 'batch',
  client: {
    ip: '203.0.113.77',
    asn: 64500,
    country: 'de',
    user_agent: 'python/3',
    ja4: 't13d',
    sdk: 'openai',
    sdk_version: '1.2',
    runtime: 'cpython',
    os: 'linux',
    connection_id: 'c-1',
    device_id: 'd-1',
    header_set: 'abc',
  },
  params: {
    stream: true,
    seed: 0,
    response_format: { type: 'json_schema', json_schema: { name: 'x' } },
    tool_set_hash: 'tools-1',
    max_tokens: 100,
    temperature: 0.5,
    top_p: 1,
    choice_count: 2,
    top_logprobs: 5,
    logit_bias_ids: [5, 6],
    tools_count: 3,
    images_count: 0,
    reasoning: 'on',
  },
  content: { reasoning_signatures: ['sig-1', 'sig-2'] },
  sketch: {
    key_epoch: 3,
    system_hash: 11,
    prefix_hashes: [12, 13],
    body_hash: 14,
    body_bias_hash: 15,
    spans: [{ hash: 16, minhash: minhash.toString('base64'), tokens: 9, place: 'tail', cues: 5, note: 'dropped' }],
    cue_scores: [0, 50, 100],
    messages: 2,
    system_chars: 3,
    input_chars: 4,
    output_chars: 5,
  },
  usage: { input_tokens: 10, cache_read_tokens: 2, cache_write_tokens: 1, output_tokens: 20, reasoning_tokens: 5 },
  response: {
    status: 200,
    error_type: null,
    finish_reason: 'stop',
    refused: true,
    latency_ms: 4000.4,
    time_to_first_chunk_ms: 300.6,
    reasoning_signatures: ['sig-3'],
  },
  something_new: 1,
}

describe('a request', () => {
  test('with every field becomes exactly this record', () => {
    expect(requestOf(FULL)).toEqual({
      event_id: 'e-0',
      event_time_ms: START_MS + 250,
      end_time_ms: START_MS + 4_250,
      account_id: 'a-1',
      org_id: 'o-1',
      api_key_hash: infrastructure('api_key', 'key-1'),
      end_user_hash: infrastructure('end_user', 'user-1'),
      session_hash: infrastructure('session', 'session-1'),
      access_path: 'reseller:acme',
      request_model: 'model-1',
      operation: 'batch',
      client: {
        network_hash: infrastructure('network', '203.0.113.0/24'),
        asn: 64500,
        country: 'DE',
        tuple_hash: infrastructure('client_tuple', 'python/3\0openai\x001.2\0cpython\0linux\0t13d\0abc'),
        connection_hash: infrastructure('connection', 'c-1'),
        device_hash: infrastructure('device', 'd-1'),
      },
      params: {
        stream: true,
        seed_set: true,
        response_format: 'json_schema',
        tool_set_hash: infrastructure('tool_set', 'tools-1'),
        max_tokens: 100,
        temperature: 0.5,
        top_p: 1,
        choice_count: 2,
        top_logprobs: 5,
        logit_bias_ids: [5, 6],
        tools_count: 3,
        images_count: 0,
        reasoning: 'on',
      },
      usage: FULL.usage,
      response: {
        status: 200,
        error_type: null,
        finish_reason: 'stop',
        refused: true,
        latency_ms: 4000,
        time_to_first_chunk_ms: 301,
      },
      signatures_presented: [
        infrastructure('reasoning_signature', 'sig-1'),
        infrastructure('reasoning_signature', 'sig-2'),
      ],
      signatures_emitted: [infrastructure('reasoning_signature', 'sig-3')],
      sketch: { ...FULL.sketch, spans: [{ hash: 16, minhash, tokens: 9, place: 'tail', cues: 5 }] },
    })
  })

  test('with only what is required has null and zero for the rest', () => {
    const request = requestOf({ end_time: undefined })
    expect(request).toMatchObject({
      end_time_ms: START_MS,
      org_id: null,
      access_path: 'first_party',
      operation: 'chat',
      client: {
        network_hash: null,
        asn: null,
        country: null,
        tuple_hash: null,
        connection_hash: null,
        device_hash: null,
      },
      params: { stream: null, seed_set: false, logit_bias_ids: [] },
      usage: { input_tokens: 0, output_tokens: 0 },
      signatures_presented: [],
      sketch: null,
    })
  })

  test('reads null and an empty optional id as absent', () => {
    const names = ['org_id', 'client', 'params', 'content', 'sketch', 'usage', 'access_path', 'operation', 'end_time']
    const nulls = Object.fromEntries(names.map((name) => [name, null]))
    expect(requestOf({ ...nulls, session_id: '' })).toEqual(requestOf({ end_time: undefined }))
  })

  test('ends after its latency when it has no end time', () => {
    const response = { status: 200, latency_ms: 1500.4 }
    expect(requestOf({ end_time: null, response }).end_time_ms).toBe(START_MS + 1500)
  })

  test('that ends before it begins is refused', () => {
    const record = through(inputRequest(0, { end_time: '2025-11-03T09:59:59.999Z' }))
    expect(record).toMatchObject({ reason: 'end_before_event' })
  })

  test('that begins in 1970 is refused although it ends today', () => {
    const record = through(inputRequest(0, { event_time: '1970-01-01T00:00:00Z' }))
    expect(record).toMatchObject({ reason: 'time_out_of_range' })
  })

  test('with content is sketched under the content key, and a sketch beside it is ignored', () => {
    const question = { role: 'user', content: [{ type: 'text', text: 'Hi' }] }
    const content = { system: 'You grade.', messages: [question, { role: 'assistant' }] }
    const { sketch } = requestOf({ content, sketch: FULL.sketch, params: FULL.params })
    const expected = createRequestSketcher(KEYS)(
      { system: content.system, messages: [question, { role: 'assistant', content: null }] },
      { ...FULL.params, response_format: 'json_schema' },
    )
    expect(sketch).toEqual(expected)
    expect(sketch?.key_epoch).toBe(KEYS.content.epoch)
  })

  test('keeps names only when they look like names, so that no text can ride on them', () => {
    const text = 'please explain step by step'
    const request = requestOf({
      access_path: 'reseller:a b',
      operation: text,
      request_model: text,
      client: { country: text },
      params: { response_format: text, reasoning: text },
      response: { status: 500, error_type: text, finish_reason: 'x'.repeat(65) },
    })
    expect(request).toMatchObject({
      access_path: 'reseller:other',
      operation: 'other',
      request_model: 'other',
      client: { country: null },
      params: { response_format: 'other', reasoning: 'other' },
      response: { error_type: 'other', finish_reason: 'other' },
    })
    expect(requestOf({ access_path: text }).access_path).toBe('other')
  })

  test('hashes client software as one tuple whose parts cannot trade places', () => {
    const tuple = (client: unknown) => requestOf({ client }).client.tuple_hash
    expect(tuple({ sdk: 'a', runtime: 'b' })).not.toBe(tuple({ sdk: 'b', runtime: 'a' }))
    expect(tuple({ sdk: 'a' })).toBe(tuple({ sdk: 'a', os: null, connection_id: 'c' }))
    expect(tuple({ sdk: '' })).toBeNull()
  })

  test('keeps infrastructure hashes over a change of the content key', () => {
    const rotated = createEdge({ keys: { ...KEYS, content: { epoch: 8, secret: Buffer.from('another') } } })
    const input = readRecord(inputRequest(0, FULL))
    if ('reason' in input) throw new Error(input.detail)
    expect(rotated(input)).toEqual(edge(input))
  })

  test('keeps the newest signatures of a long history', () => {
    const reasoning_signatures = Array.from({ length: 300 }, (_, i) => `sig-${i}`)
    const { signatures_presented } = requestOf({ content: { reasoning_signatures } })
    expect(signatures_presented.length).toBeLessThan(300)
    expect(signatures_presented.at(-1)).toBe(infrastructure('reasoning_signature', 'sig-299'))
  })
})

describe('an account', () => {
  test('becomes exactly this record', () => {
    const input = {
      event_id: 'x-1',
      org_id: 'o-1',
      created_at: '2019-01-01T00:00:00Z',
      plan: 'team',
      programme: 'none',
      verification: 'card',
      billing_country: 'us',
      payment_fingerprint: 'pm-1',
      email_domain: 'Someone@Example.COM',
      signup_ip: '2001:db8:1:2::3',
      monthly_quota_tokens: 1e9,
      contract_flags: ['reseller', 'free text'],
    }
    expect(accountOf(input)).toEqual({
      event_id: 'x-1',
      event_time_ms: START_MS,
      account_id: 'a-1',
      org_id: 'o-1',
      created_at_ms: Date.UTC(2019, 0, 1),
      plan: 'team',
      programme: 'none',
      verification: 'card',
      billing_country: 'US',
      payment_hash: infrastructure('payment', 'pm-1'),
      email_domain_hash: infrastructure('email_domain', 'example.com'),
      signup_network_hash: infrastructure('network', '2001:db8:1::/48'),
      monthly_quota_tokens: 1e9,
      contract_flags: ['reseller', 'other'],
    })
  })

  test('is its own organisation unless it says otherwise', () => {
    expect(accountOf({}).org_id).toBe('a-1')
  })

  test('signs up from the same network hash as its requests come from', () => {
    const { signup_network_hash } = accountOf({ signup_ip: '198.51.100.1' })
    expect(requestOf({ client: { ip: '198.51.100.200' } }).client.network_hash).toBe(signup_network_hash)
    expect(accountOf({ signup_ip: 'unknown' }).signup_network_hash).toBeNull()
  })
})

test('an outcome keeps a reason code and loses a reason in words', () => {
  const base = { type: 'outcome', event_time: '2025-11-03T10:00:00Z', account_id: 'a-1', outcome: 'banned' }
  const value = (reason: string): Outcome => {
    const record = through({ ...base, reason })
    if (!('topic' in record) || record.topic !== 'outcomes') throw new Error(`no outcome: ${JSON.stringify(record)}`)
    return record.value
  }
  expect(value('abuse.scraping')).toEqual({
    event_id: null,
    event_time_ms: START_MS,
    account_id: 'a-1',
    outcome: 'banned',
    alert_id: null,
    reason_code: 'abuse.scraping',
  })
  expect(value('the customer wrote that').reason_code).toBe('other')
})

test('a model release is keyed by its model', () => {
  const release = { type: 'model_release', event_time: '2025-11-03T10:00:00Z', model: 'model-2', tier: 'frontier' }
  expect(through(release)).toEqual({
    topic: 'model-releases',
    key: 'model-2',
    value: { event_time_ms: START_MS, model: 'model-2', tier: 'frontier' },
  })
})
