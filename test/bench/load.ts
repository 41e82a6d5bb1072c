import { sampleIntake } from '../../lib/cli/demo/sample-intake.ts'
import type { SketchKeys } from '../../lib/sketch/request-sketch.ts'
import { type InputAccount, type InputRequest, type InputSketch, readRecord } from '../../producers/intake/contract.ts'
import { createRandom } from '../../producers/sample/random.ts'
import { ARRIVAL_DISORDER_MS, SAMPLE_START_MS, sampleTraffic } from '../../producers/sample/traffic.ts'
import type { RequestSketch } from '../../schemas/types.ts'
import { HashOwners, shifted } from './hash-owners.ts'

export interface LoadOptions {
  readonly accounts: number
  readonly requests: number
  /** Of event time, over all accounts. */
  readonly requests_per_s: number
  /** What an event carries of its text: the sketch, or about a kilobyte of the text itself. */
  readonly form: 'sketch' | 'text'
  /** End of the first request less the disorder, epoch ms. @default the start of the sample */
  readonly start_ms?: number
}

interface SampleRequest {
  readonly input: InputRequest
  readonly sketch: InputSketch
  readonly latency_ms: number
}

interface SampleAccount {
  readonly record: InputAccount
  readonly requests: SampleRequest[]
}

/** The sample traffic by account, sketched once. */
export interface Sample {
  readonly accounts: readonly SampleAccount[]
  readonly owners: HashOwners
}

// The sample's prober sends a fifth of all requests from one account; here it is one busy account among others.
const PROBES = 200
const TEXT_CHARS = 1_000
const SYSTEM_CHARS_MAX = 300
const LINES_PER_CHUNK = 500

/** Sketches the sample traffic of a seed, which takes some seconds. */
export async function readSample(seed: number, keys: SketchKeys): Promise<Sample> {
  const events = [...sampleTraffic({ seed, probes: PROBES }).events]
  const sketches = new Map<string, RequestSketch>()
  for await (const items of sampleIntake(events, keys, () => undefined)) {
    for (const item of items) {
      if (item.kind !== 'record' || item.record.topic !== 'requests') continue
      const { event_id, sketch } = item.record.value
      if (sketch) sketches.set(event_id, sketch)
    }
  }
  const accounts = new Map<string, SampleAccount>()
  const owners = new HashOwners()
  for (const event of events) {
    const input = readRecord(event)
    if ('reason' in input) throw new Error(`the sample has an event that the intake refuses: ${input.detail}`)
    if (input.type === 'account') accounts.set(input.record.account_id, { record: input.record, requests: [] })
    if (input.type !== 'request') continue
    const sketch = sketches.get(input.record.event_id)
    const account = accounts.get(input.record.account_id)
    if (!sketch || !account) continue
    owners.add(sketch, account.record.org_id ?? account.record.account_id)
    account.requests.push(sampleRequest(input.record, sketch))
  }
  return { accounts: [...accounts.values()].filter(({ requests }) => requests.length > 0), owners }
}

/**
 * Input events of as many accounts as wanted, which are copies of those of the sample and send its requests in turn, as
 * often as theirs send in proportion. Text that one organisation alone wrote stays unique to its copy, a conversation is
 * held once, and what the world shares (wrappers, framework prompts, clients) stays shared. Account records come first,
 * requests in order of their end, at most `ARRIVAL_DISORDER_MS` out of order. The same options give the same events.
 */
export function* loadEvents({ accounts: originals, owners }: Sample, options: LoadOptions): Generator<object> {
  const { accounts, requests, requests_per_s, form, start_ms = SAMPLE_START_MS } = options
  const random = createRandom('bench')
  const sumOfWeights: number[] = []
  for (let index = 0; index < accounts; index++) {
    const original = originals[index % originals.length]!
    sumOfWeights.push((sumOfWeights.at(-1) ?? 0) + original.requests.length)
    yield accountEvent(original.record, Math.floor(index / originals.length), start_ms)
  }
  const turns = new Uint32Array(accounts)
  const total = sumOfWeights.at(-1) ?? 0
  for (let number = 0; number < requests; number++) {
    const index = firstAbove(sumOfWeights, random.unit() * total)
    const original = originals[index % originals.length]!
    const turn = turns[index]!
    turns[index] = turn + 1
    const copy = Math.floor(index / originals.length)
    const round = Math.floor(turn / original.requests.length)
    const request = original.requests[turn % original.requests.length]!
    const end_ms = Math.floor(start_ms + (1_000 * number) / requests_per_s + (1 - random.unit()) * ARRIVAL_DISORDER_MS)
    const event = requestEvent(request, number, copy, round, end_ms)
    if (form === 'text') yield { ...event, content: numbered(request.input.content, copy, round) }
    else yield { ...event, content: undefined, sketch: owners.copyOf(request.sketch, copy, round) }
  }
}

/** Events as lines, some hundred at a time. */
export async function* ndjson(events: Iterable<object>): AsyncGenerator<Buffer> {
  let lines: string[] = []
  for (const event of events) {
    lines.push(`${JSON.stringify(event)}\n`)
    if (lines.length < LINES_PER_CHUNK) continue
    yield Buffer.from(lines.join(''))
    lines = []
  }
  yield Buffer.from(lines.join(''))
}

function sampleRequest(input: InputRequest, sketch: RequestSketch): SampleRequest {
  const { system, messages, output } = input.content ?? {}
  const head = system?.slice(0, SYSTEM_CHARS_MAX)
  const texts = [...(messages ?? []).map(({ content }) => (typeof content === 'string' ? content : '')), output ?? '']
  const text = texts.join('\n').slice(0, TEXT_CHARS - (head?.length ?? 0))
  return {
    input: { ...input, content: { system: head, messages: [{ role: 'user', content: text }] } },
    sketch: {
      ...sketch,
      spans: sketch.spans.map((span) => ({ ...span, minhash: span.minhash.toString('base64') })),
    },
    latency_ms: Date.parse(input.end_time ?? input.event_time) - Date.parse(input.event_time),
  }
}

function accountEvent(record: InputAccount, copy: number, time_ms: number): object {
  return {
    ...record,
    event_id: `${record.event_id}-${copy}`,
    event_time: new Date(time_ms).toISOString(),
    account_id: copied(record.account_id, copy),
    org_id: copied(record.org_id ?? record.account_id, copy),
    payment_fingerprint: record.payment_fingerprint ? copied(record.payment_fingerprint, copy) : null,
  }
}

function requestEvent(
  { input, latency_ms }: SampleRequest,
  number: number,
  copy: number,
  round: number,
  end_ms: number,
) {
  return {
    ...input,
    event_id: `req-${number.toString(16).padStart(16, '0')}`,
    event_time: new Date(end_ms - latency_ms).toISOString(),
    end_time: new Date(end_ms).toISOString(),
    account_id: copied(input.account_id, copy),
    org_id: copied(input.org_id ?? input.account_id, copy),
    api_key_id: `${input.api_key_id}-${copy}`,
    session_id: input.session_id ? `${input.session_id}-${copy}-${round}` : null,
  }
}

function numbered(content: InputRequest['content'], copy: number, round: number): object {
  const text = content?.messages?.[0]?.content
  return { ...content, messages: [{ role: 'user', content: `Case ${shifted(0, copy, round)}. ${text}` }] }
}

function copied(id: string, copy: number): string {
  return `${id}-${copy}`
}

/** Index of the first of ascending numbers that is larger than `value`. */
function firstAbove(ascending: readonly number[], value: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}
