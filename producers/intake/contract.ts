import type { OutcomeKind, SpanPlace } from '../../schemas/types.ts'
import type { Refusal } from './reject.ts'
import { parseRfc3339 } from './rfc3339.ts'
import { array, either, type Infer, object, optional, type Shape, value } from './shape.ts'

const INT32_MAX = 2_147_483_647
/** Keyed hashes have 52 bits. */
const HASH_MAX = 2 ** 52 - 1

// Ceilings of the sketch shape, far above what the sketcher emits.
const SPANS_MAX = 256
const PREFIX_HASHES_MAX = 64
const CUE_CLASSES_MAX = 32

const OUTCOMES: ReadonlySet<unknown> = new Set<Exclude<OutcomeKind, 'unknown'>>([
  'banned',
  'throttled',
  'verification_requested',
  'verified',
  'verification_failed',
  'cleared',
  'appeal_upheld',
  'appeal_overturned',
  'erased',
])
const PLACES: ReadonlySet<unknown> = new Set<SpanPlace>(['system', 'head', 'body', 'tail', 'tool'])

const ID_CHARS_MAX = 256
/** 32 bytes. */
const MINHASH = /^[A-Za-z0-9+/_-]{43}=?$/

const isText = (v: unknown): v is string => typeof v === 'string'
const isId = (v: unknown): v is string => isText(v) && v.length > 0 && v.length <= ID_CHARS_MAX && isPlain(v)
const isTime = (v: unknown): v is string => typeof v === 'string' && parseRfc3339(v) !== null
const isNumber = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v)
const isIntegerIn =
  (min: number, max: number) =>
  (v: unknown): v is number =>
    typeof v === 'number' && Number.isInteger(v) && v >= min && v <= max

const text = value('a string', isText)
const id = value('a string of 1 to 256 characters, none of them a control character', isId)
const time = value('an RFC 3339 time', isTime)
const flag = value('true or false', (v): v is boolean => typeof v === 'boolean')
const number = value('a finite number', isNumber)
const count = value('a whole number from 0 to 2^53 - 1', isIntegerIn(0, Number.MAX_SAFE_INTEGER))
const int32 = value('a whole number from 0 to 2^31 - 1', isIntegerIn(0, INT32_MAX))
const duration_ms = value(
  'a number of milliseconds, not negative',
  (v): v is number => isNumber(v) && v >= 0 && v <= Number.MAX_SAFE_INTEGER,
)
const hash = value('a whole number below 2^52', isIntegerIn(0, HASH_MAX))
const percent = value('a whole number from 0 to 100', isIntegerIn(0, 100))
// 0 is refused: it is neither success nor error. A gateway whose client has gone writes 499, one that timed out 504.
const status = value('an HTTP status, 100 to 599', isIntegerIn(100, 599))
/** Logs write a missing id as an empty string too. */
const optionalId = optional(value('an id of at most 256 characters', (v): v is string => v === '' || isId(v)))
const signatures = optional(array(text))

const span = object({
  hash,
  minhash: optional(value('32 bytes in base64', (v): v is string => isText(v) && MINHASH.test(v))),
  tokens: int32,
  place: optional(value('system, head, body, tail or tool', (v): v is SpanPlace => PLACES.has(v))),
  cues: optional(int32),
})

/** RequestSketch of schemas/request.avsc as JSON; minhash in base64. */
const sketch = object({
  key_epoch: int32,
  system_hash: optional(hash),
  prefix_hashes: optional(array(hash, PREFIX_HASHES_MAX)),
  body_hash: optional(hash),
  body_bias_hash: optional(hash),
  spans: optional(array(span, SPANS_MAX)),
  cue_scores: optional(array(percent, CUE_CLASSES_MAX)),
  messages: optional(int32),
  system_chars: optional(count),
  input_chars: optional(count),
  output_chars: optional(count),
})

const part = object({ type: text, text: optional(text) })

const content = object({
  system: optional(text),
  messages: optional(
    array(object({ role: text, content: optional(either(text, array(part), 'a string or an array of parts')) })),
  ),
  reasoning_signatures: signatures,
  output: optional(text),
})

const client = object({
  ip: optional(text),
  asn: optional(count),
  country: optional(text),
  user_agent: optional(text),
  ja4: optional(text),
  sdk: optional(text),
  sdk_version: optional(text),
  runtime: optional(text),
  os: optional(text),
  connection_id: optional(text),
  device_id: optional(text),
  header_set: optional(text),
})

const params = object({
  stream: optional(flag),
  seed: optional(either(text, number, 'a number or a string')),
  response_format: optional(either(text, object({ type: text }), 'a string or an object with a type')),
  tool_set_hash: optional(text),
  max_tokens: optional(count),
  temperature: optional(number),
  top_p: optional(number),
  choice_count: optional(count),
  top_logprobs: optional(count),
  logit_bias_ids: optional(array(count)),
  tools_count: optional(count),
  images_count: optional(count),
  reasoning: optional(text),
})

const request = object({
  event_id: id,
  event_time: time,
  end_time: optional(time),
  account_id: id,
  org_id: optionalId,
  api_key_id: optionalId,
  end_user_id: optionalId,
  session_id: optionalId,
  access_path: optional(text),
  request_model: id,
  operation: optional(text),
  client: optional(client),
  params: optional(params),
  content: optional(content),
  sketch: optional(sketch),
  usage: optional(
    object({
      input_tokens: optional(count),
      cache_read_tokens: optional(count),
      cache_write_tokens: optional(count),
      output_tokens: optional(count),
      reasoning_tokens: optional(count),
    }),
  ),
  response: object({
    status,
    error_type: optional(text),
    finish_reason: optional(text),
    refused: optional(flag),
    latency_ms: optional(duration_ms),
    time_to_first_chunk_ms: optional(duration_ms),
    reasoning_signatures: signatures,
  }),
})

const account = object({
  event_id: optionalId,
  event_time: time,
  account_id: id,
  org_id: optionalId,
  created_at: optional(time),
  plan: optional(text),
  programme: optional(text),
  verification: optional(text),
  billing_country: optional(text),
  payment_fingerprint: optional(text),
  email_domain: optional(text),
  signup_ip: optional(text),
  monthly_quota_tokens: optional(count),
  contract_flags: optional(array(text)),
})

const outcome = object({
  event_id: optionalId,
  event_time: time,
  account_id: id,
  outcome: value('one of the outcomes of CONTRACT', (v): v is OutcomeKind => OUTCOMES.has(v)),
  alert_id: optionalId,
  reason: optional(text),
})

const modelRelease = object({ event_time: time, model: id, tier: optional(text) })

/**
 * Neither control characters, which would reach terminals, nor lone surrogates, which do not survive UTF-8, so that two
 * ids would become one. A loop, because a Unicode regular expression costs five times as much for six ids a record.
 */
function isPlain(id: string): boolean {
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i)
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return false
    if (unit >= 0xd800 && unit < 0xe000) return !/[\p{Cc}\p{Cs}]/u.test(id)
  }
  return true
}

export type InputRequest = Infer<typeof request>
export type InputContent = Infer<typeof content>
export type InputSketch = Infer<typeof sketch>
export type InputAccount = Infer<typeof account>
export type InputOutcome = Infer<typeof outcome>
export type InputModelRelease = Infer<typeof modelRelease>

/** A record of CONTRACT whose fields have been checked. Fields that CONTRACT does not name may still be on it. */
export type InputRecord =
  | { type: 'request'; record: InputRequest }
  | { type: 'account'; record: InputAccount }
  | { type: 'outcome'; record: InputOutcome }
  | { type: 'model_release'; record: InputModelRelease }

/** Checks one parsed line against CONTRACT. The refusal names the field, what was expected and the received type. */
export function readRecord(input: unknown): InputRecord | Refusal {
  const type = typeOf(input)
  if (type === 'request') return request.matches(input) ? { type, record: input } : refusal(request, input)
  if (type === 'account') return account.matches(input) ? { type, record: input } : refusal(account, input)
  if (type === 'outcome') return outcome.matches(input) ? { type, record: input } : refusal(outcome, input)
  if (type === 'model_release')
    return modelRelease.matches(input) ? { type, record: input } : refusal(modelRelease, input)
  return refusal(anyRecord, input)
}

const anyRecord = object({
  type: value('request, account, outcome or model_release', (_): _ is never => false),
})

function typeOf(input: unknown): unknown {
  return typeof input === 'object' && input !== null && 'type' in input ? input.type : undefined
}

function refusal(shape: Shape<unknown>, input: unknown): Refusal {
  const { path, expected, received } = shape.mismatch(input, '')
  const where = path === '' ? '' : `${path}: `
  return { reason: 'invalid_record', detail: `${where}expected ${expected}, received ${received}` }
}
