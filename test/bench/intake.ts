import { readRecord } from '../../producers/intake/contract.ts'
import { intake } from '../../producers/intake/intake.ts'

const EVENTS = 40_000
const DISTINCT_ACCOUNTS = 5_000
const CHUNK_BYTES = 256 * 1024

const KEYS = {
  content: { epoch: 1, secret: Buffer.from('bench content secret') },
  infrastructure: { secret: Buffer.from('bench infrastructure secret') },
}

const SKETCH = {
  key_epoch: 1,
  system_hash: 123_456_789_012_345,
  prefix_hashes: [1_234_567_890_123, 2_234_567_890_123, 3_234_567_890_123],
  body_hash: 4_234_567_890_123,
  body_bias_hash: 4_234_567_890_123,
  spans: [
    { hash: 623_456_789_012, minhash: Buffer.alloc(32, 7).toString('base64'), tokens: 40, place: 'system', cues: 3 },
    { hash: 723_456_789_012, minhash: Buffer.alloc(32, 9).toString('base64'), tokens: 30, place: 'tail', cues: 0 },
  ],
  cue_scores: [0, 0, 0, 10, 0, 0, 20, 0],
  messages: 3,
  system_chars: 100,
  input_chars: 900,
  output_chars: 1200,
}

const SENTENCE = 'Compare the two delivery plans and say which one a small warehouse should choose this year. '

const CONTENT = {
  system: SENTENCE.repeat(3),
  messages: [{ role: 'user', content: SENTENCE.repeat(8) }],
}

/** Measures the way in, on one core: bytes to records of already sketched events and of events with 1 KB of text. */
export async function run(): Promise<Array<{ name: string; value: number; unit: string }>> {
  const sketched = lines({ sketch: SKETCH })
  const withText = lines({ content: CONTENT })
  return [
    { name: 'intake of sketched events', value: await eventsPerSecond(sketched), unit: 'events/s' },
    { name: 'intake of events with 1 KB of text', value: await eventsPerSecond(withText), unit: 'events/s' },
    { name: 'JSON.parse of a sketched event', value: microseconds(sketched, JSON.parse), unit: 'µs' },
    { name: 'check of a sketched event against CONTRACT', value: checkMicroseconds(sketched), unit: 'µs' },
  ]
}

async function eventsPerSecond(bytes: Buffer): Promise<number> {
  const begin = process.hrtime.bigint()
  let events = 0
  for await (const items of intake(['-'], { keys: KEYS, stdin: chunksOf(bytes) })) {
    for (const item of items) if (item.kind === 'record') events += 1
  }
  return events / (Number(process.hrtime.bigint() - begin) / 1e9)
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES)
}

function checkMicroseconds(bytes: Buffer): number {
  const records = texts(bytes).map((line): unknown => JSON.parse(line))
  return each(records, readRecord)
}

function microseconds(bytes: Buffer, work: (line: string) => unknown): number {
  return each(texts(bytes), work)
}

function texts(bytes: Buffer): string[] {
  return bytes
    .toString()
    .trim()
    .split('\n')
    .slice(0, EVENTS / 4)
}

function each<T>(values: T[], work: (value: T) => unknown): number {
  const begin = process.hrtime.bigint()
  for (const value of values) work(value)
  return Number(process.hrtime.bigint() - begin) / 1000 / values.length
}

function lines(changes: Record<string, unknown>): Buffer {
  const start_ms = Date.UTC(2025, 10, 3)
  const all: string[] = []
  for (let i = 0; i < EVENTS; i++) {
    const account = (i * 7919) % DISTINCT_ACCOUNTS
    all.push(JSON.stringify({ ...request(i, account, start_ms + i * 20), ...changes }))
  }
  return Buffer.from(`${all.join('\n')}\n`)
}

function request(i: number, account: number, end_ms: number): Record<string, unknown> {
  return {
    type: 'request',
    event_id: `e-${i}`,
    event_time: new Date(end_ms - 4000).toISOString(),
    end_time: new Date(end_ms).toISOString(),
    account_id: `acct-${account}`,
    org_id: `org-${account >> 1}`,
    api_key_id: `key-${account}`,
    session_id: `session-${account}-${i >> 14}`,
    request_model: 'model-large-1',
    client: {
      ip: `203.0.${account & 255}.${i & 255}`,
      asn: 64_500,
      country: 'DE',
      user_agent: 'openai-python/1.2.3',
      ja4: 't13d1516h2_8daaf6152771_b186095e22b6',
      sdk: 'openai-python',
      sdk_version: '1.2.3',
      runtime: 'CPython/3.11',
      os: 'Linux',
    },
    params: { stream: true, max_tokens: 1024, temperature: 0.7, top_p: 1, tools_count: 3 },
    usage: { input_tokens: 300, output_tokens: 400, cache_read_tokens: 0, reasoning_tokens: 0 },
    response: { status: 200, finish_reason: 'stop', refused: false, latency_ms: 4000, time_to_first_chunk_ms: 300 },
  }
}
