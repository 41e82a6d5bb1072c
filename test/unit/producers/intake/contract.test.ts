import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRecord } from '../../../../producers/intake/contract.ts'
import { inputAccount, inputRequest } from './records.ts'

const CANARY = 'canary 7f3a'

const detailOf = (input: unknown): string | null => {
  const record = readRecord(input)
  return 'reason' in record ? record.detail : null
}

test.each<[string, Record<string, unknown>, string]>([
  [
    'event_id',
    { event_id: '' },
    'event_id: expected a string of 1 to 256 characters, none of them a control character',
  ],
  ['event_id', { event_id: 'x'.repeat(257) }, 'received string'],
  ['account_id', { account_id: undefined }, 'received nothing'],
  ['account_id', { account_id: 'a\u0000b' }, 'received string'],
  ['account_id', { account_id: 'a\ud800' }, 'received string'],
  ['org_id', { org_id: 7 }, 'org_id: expected an id of at most 256 characters, received number'],
  ['event_time', { event_time: CANARY }, 'event_time: expected an RFC 3339 time, received string'],
  ['end_time', { end_time: 1762164000 }, 'end_time: expected an RFC 3339 time, received number'],
  ['usage', { usage: { output_tokens: -1 } }, 'usage.output_tokens: expected a whole number from 0 to 2^53 - 1'],
  ['usage', { usage: { input_tokens: 1.5 } }, 'usage.input_tokens: expected a whole number'],
  ['usage', { usage: { input_tokens: 2 ** 53 } }, 'usage.input_tokens: expected a whole number'],
  ['usage', { usage: [] }, 'usage: expected an object, received array'],
  ['client', { client: CANARY }, 'client: expected an object, received string'],
  ['params', { params: { seed: {} } }, 'params.seed: expected a number or a string, received object'],
  ['params', { params: { logit_bias_ids: [1, CANARY] } }, 'params.logit_bias_ids[1]: expected a whole number'],
  ['response', { response: null }, 'response: expected an object, received null'],
  ['response', { response: { status: 0 } }, 'response.status: expected an HTTP status, 100 to 599, received number'],
  [
    'response',
    { response: { status: '200' } },
    'response.status: expected an HTTP status, 100 to 599, received string',
  ],
  ['response', { response: { status: 200, latency_ms: -1 } }, 'response.latency_ms: expected a number of milliseconds'],
  ['content', { content: { system: [CANARY] } }, 'content.system: expected a string, received array'],
  [
    'content',
    { content: { messages: [{ role: 'user', content: [{ type: 'text', text: { [CANARY]: 1 } }] }] } },
    'content.messages[0].content[0].text: expected a string, received object',
  ],
  [
    'content',
    { content: { messages: [{ role: 'user', content: 7 }] } },
    'expected a string or an array of parts, received number',
  ],
  ['sketch', { sketch: { key_epoch: 1, body_hash: 2 ** 52 } }, 'sketch.body_hash: expected a whole number below 2^52'],
  [
    'sketch',
    { sketch: { key_epoch: 1, cue_scores: [101] } },
    'sketch.cue_scores[0]: expected a whole number from 0 to 100',
  ],
  [
    'sketch',
    { sketch: { key_epoch: 1, spans: [{ hash: 1, tokens: 2, minhash: CANARY }] } },
    'minhash: expected 32 bytes in base64',
  ],
  [
    'sketch',
    { sketch: { key_epoch: 1, spans: [{ hash: 1, tokens: 2, place: CANARY }] } },
    'expected system, head, body, tail or tool',
  ],
  [
    'sketch',
    { sketch: { key_epoch: 1, prefix_hashes: Array(65).fill(1) } },
    'expected at most 64 items, received 65 items',
  ],
])('a request whose %s is wrong is refused by field and type: %j', (_, changes, detail) => {
  const found = detailOf(inputRequest(0, changes))
  expect(found).toContain(detail)
  expect(found).not.toContain(CANARY)
})

test.each<[unknown, string]>([
  [null, 'expected an object, received null'],
  [[], 'expected an object, received array'],
  [CANARY, 'expected an object, received string'],
  [{}, 'type: expected request, account, outcome or model_release, received nothing'],
  [{ type: CANARY }, 'type: expected request, account, outcome or model_release, received string'],
  [
    { type: 'unreadable', reason: CANARY },
    'type: expected request, account, outcome or model_release, received string',
  ],
  [{ type: 'model_release', event_time: '2025-01-01T00:00:00Z' }, 'model: expected a string'],
  [inputAccount(0, { monthly_quota_tokens: -1 }), 'monthly_quota_tokens: expected a whole number'],
  [
    { ...inputAccount(0), type: 'outcome', outcome: CANARY },
    'outcome: expected one of the outcomes of CONTRACT, received string',
  ],
])('%j is refused', (input, detail) => {
  expect(detailOf(input)).toContain(detail)
})

test('ids in other scripts and beyond the basic plane are accepted', () => {
  expect(detailOf(inputRequest(0, { account_id: 'käufer-株式会社-🙂' }))).toBeNull()
})

test('a field name from the line never reaches the detail', () => {
  expect(detailOf({ ...inputRequest(0), [CANARY]: 1, client: { [CANARY]: 2, ip: 3 } })).toBe(
    'client.ip: expected a string, received number',
  )
})

test('no value makes it throw, and every refusal is short and names no value', () => {
  const names = [
    'event_id',
    'event_time',
    'client',
    'params',
    'content',
    'sketch',
    'usage',
    'response',
    'messages',
    'spans',
  ]
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constant(CANARY),
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...names), tie('any')),
    ),
  })).any
  const type = fc.constantFrom('request', 'account', 'outcome', 'model_release')
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value), type, fc.boolean(), (fields, type, isComplete) => {
      const detail = detailOf({ ...(isComplete ? inputRequest(0) : {}), ...fields, type })
      expect(detail ?? '').not.toContain(CANARY)
      expect((detail ?? '').length).toBeLessThan(300)
    }),
    { numRuns: 500 },
  )
})
