import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { TOPIC_NAMES } from '../../../schemas/topics.ts'
import { campaign, crowd } from '../../helpers/campaigns.ts'
import { hydrawatch, jsonLines, scratch } from '../../helpers/cli.ts'
import { account, type InputEvent, inOrder, outcome, REASONING_WRAPPER, request, tick } from '../../helpers/traffic.ts'
import { type Deployment, openDeployment, type RawRecord } from './deployment.ts'

/** In every string that is no identifier of an account. One word of it would be enough to be found. */
const CANARY = 'Zebrafish quorum'
const TRACE = /zebrafish|quorum/i
const LINE_TOO_LONG_BYTES = 9 << 20
const ends_ms = Date.parse(String(tick(40).event_time))

const talk: InputEvent = {
  system: `You are ${CANARY}.`,
  messages: [
    { role: 'user', content: `${CANARY}? ${REASONING_WRAPPER}` },
    { role: 'assistant', content: [{ type: 'text', text: `${CANARY}!` }] },
    { role: 'tool', content: `{"rows": ["${CANARY}"]}` },
    {
      role: 'user',
      content: [
        { type: 'tool_result', text: CANARY },
        { type: CANARY, text: CANARY },
      ],
    },
  ],
  reasoning_signatures: [CANARY],
  output: `<${CANARY}> ${CANARY}`,
}

const everywhere: InputEvent = {
  api_key_id: CANARY,
  end_user_id: CANARY,
  session_id: CANARY,
  access_path: `reseller:${CANARY}`,
  request_model: CANARY,
  operation: CANARY,
  client: {
    ...Object.fromEntries(
      'user_agent ja4 sdk sdk_version runtime os connection_id device_id header_set ip'
        .split(' ')
        .map((name) => [name, CANARY]),
    ),
    country: CANARY,
  },
  params: { seed: CANARY, response_format: { type: CANARY }, tool_set_hash: CANARY, reasoning: CANARY },
  response: { status: 200, error_type: CANARY, finish_reason: CANARY, reasoning_signatures: [CANARY], latency_ms: 800 },
  [CANARY]: CANARY,
}

/** Accepted, with the canary in every place where text can stand. */
const planted = [
  ...campaign({ until: 40 }).map((event) => (event.type === 'request' ? { ...event, content: talk } : event)),
  ...Array.from({ length: 20 }, (_, i) =>
    request({ account_id: 'careless', at: 1 + i }, { ...everywhere, content: talk }),
  ),
  account(
    { account_id: 'careless', at: 0 },
    {
      ...Object.fromEntries(
        'plan programme verification billing_country email_domain'.split(' ').map((n) => [n, CANARY]),
      ),
      payment_fingerprint: CANARY,
      signup_ip: CANARY,
      contract_flags: [CANARY],
    },
  ),
  outcome({ account_id: 'careless', at: 20 }, { reason: `he asked about ${CANARY}` }),
  { type: 'model_release', event_time: request({ account_id: 'x', at: 2 }).event_time, model: CANARY, tier: CANARY },
]

const good = request({ account_id: 'refused', at: 30 }, { content: talk })
/** Refused, each with its reason and the canary. */
const refused: readonly (readonly [reason: string, line: string | Buffer])[] = [
  ['invalid_json', `{"content": "${CANARY}`],
  ['invalid_record', JSON.stringify(CANARY)],
  ['invalid_record', JSON.stringify({ type: CANARY })],
  ['invalid_record', JSON.stringify({ ...good, event_time: CANARY })],
  ['invalid_record', JSON.stringify({ ...good, response: { status: CANARY } })],
  ['invalid_record', JSON.stringify({ ...good, content: { messages: CANARY } })],
  ['invalid_record', JSON.stringify({ ...good, content: { messages: [{ role: { [CANARY]: CANARY } }] } })],
  ['invalid_record', JSON.stringify({ ...good, content: undefined, sketch: { spans: [{ hash: CANARY }] } })],
  ['invalid_record', JSON.stringify(outcome({ account_id: 'refused', at: 30 }, { outcome: CANARY }))],
  ['end_before_event', JSON.stringify({ ...good, end_time: request({ account_id: 'x', at: 1 }).event_time })],
  ['time_out_of_range', JSON.stringify({ ...good, event_time: '1970-01-01T00:00:00.000Z' })],
  ['invalid_utf8', Buffer.concat([Buffer.from(`{"x": "${CANARY} `), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])],
  ['line_too_long', `{"x": "${CANARY.repeat(LINE_TOO_LONG_BYTES / CANARY.length)}"}`],
  ['time_ahead', JSON.stringify({ ...good, event_time: '2027-01-01T00:00:00.000Z' })],
]

const files = scratch()
const traffic = inOrder([...crowd(), ...planted, tick(40)]).map((event) => JSON.stringify(event))
let deployment: Deployment
let said = ''
let records: RawRecord[] = []

function write(): { input: string; cut: string } {
  const lines = [...refused.map(([, line]) => Buffer.from(line)), ...traffic.slice(1).map((line) => Buffer.from(line))]
  const input = [Buffer.from(traffic[0] ?? ''), ...lines].flatMap((line) => [line, Buffer.from('\n')])
  const whole = gzipSync(`${JSON.stringify(good)}\n`.repeat(2))
  return {
    input: files.write('input.ndjson', Buffer.concat(input)),
    cut: files.write('cut.ndjson.gz', whole.subarray(0, -12)),
  }
}

/** Topics with a record that has the pattern in its key, value or headers. */
function topicsHolding(pattern: RegExp): string[] {
  const holding = records.filter(({ key, value, headers }) =>
    [key, value, ...headers].some((bytes) => bytes !== null && pattern.test(bytes.toString('latin1'))),
  )
  return [...new Set(holding.map(({ topic }) => topic))]
}

beforeAll(async () => {
  deployment = await openDeployment(3)
  const { env } = deployment
  const { input, cut } = write()
  const produced = await hydrawatch(['produce', input, cut, '--end-of-input'], { env })
  expect(produced.status, produced.err).toBe(0)
  const replayed = await hydrawatch(
    ['replay', input, cut, '--alerts', files.path('alerts'), '--dead-letters', files.path('dead'), '--summary'],
    { env },
  )
  expect(replayed.status, replayed.err).toBe(0)
  await deployment.passed(ends_ms)
  records = await deployment.rawRecords()
  said = [produced, replayed].flatMap(({ out, err }) => [out, err]).join('\n')
})

afterAll(() => deployment.close())

it('no record of any topic holds a word of the text that went in', () => {
  const filled = new Set(records.map(({ topic }) => topic.slice(deployment.prefix.length)))
  // Nothing was late and nothing was merged, so every topic has something to be searched.
  expect(TOPIC_NAMES.filter((topic) => !filled.has(topic))).toEqual([])
  expect(topicsHolding(/careless/)).toContain(`${deployment.prefix}requests`)
  expect(topicsHolding(TRACE)).toEqual([])
})

it('no alert, no line of a log and nothing that a command says holds one either', async () => {
  expect(jsonLines(files.read('alerts')).flatMap(({ accounts }) => accounts).length).toBeGreaterThan(0)
  expect((await deployment.alertLines()).join('\n')).toBe(files.read('alerts').trimEnd())
  expect(jsonLines(deployment.log()).length).toBeGreaterThan(10)
  expect(files.read('alerts')).not.toMatch(TRACE)
  expect(files.read('dead')).not.toMatch(TRACE)
  expect(deployment.log()).not.toMatch(TRACE)
  expect(said).not.toMatch(TRACE)
})

it('dead letters of the producer hold line, reason and a hash of the line, and no payload', async () => {
  const letters = await deployment.deadLetters()
  const byPlace = (a: (typeof letters)[number], b: (typeof letters)[number]) => Number(a.line) - Number(b.line)
  const ofInput = letters.filter(({ source }) => source === files.path('input.ndjson')).sort(byPlace)
  expect(ofInput.map(({ line, reason }) => [line, reason])).toEqual(refused.map(([reason], i) => [i + 2, reason]))
  for (const { reason, payload, key, content_hash, size_bytes, stage } of ofInput) {
    expect({ payload, key, stage }).toEqual({ payload: null, key: null, stage: 'intake' })
    expect(size_bytes).toBeGreaterThan(0)
    // What was never held as text has no hash.
    const isText = reason !== 'line_too_long' && reason !== 'invalid_utf8'
    expect([reason, typeof content_hash]).toEqual([reason, isText ? 'number' : 'object'])
  }
  const ofCut = letters.filter(({ source }) => source === files.path('cut.ndjson.gz'))
  expect(ofCut.map(({ reason, payload }) => [reason, payload])).toEqual([['truncated_gzip', null]])
})
