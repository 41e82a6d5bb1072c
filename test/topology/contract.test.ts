import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compareAlerts } from '../../lib/alerts/alert-line.ts'
import { fixture as probing } from '../fixtures/detectors/logprob-probing.ts'
import { campaign, crowd } from '../helpers/campaigns.ts'
import { runTopology } from '../helpers/topology.ts'
import { type InputEvent, inOrder, outcome, tick } from '../helpers/traffic.ts'

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const part = z.number().min(0).max(1)
const count = z.int().min(0)
const member = z.strictObject({
  account_id: z.string(),
  org_id: z.string(),
  score: part,
  reasons: z.array(z.string()).min(1),
})
const blocks = ['payload', 'timing', 'infrastructure', 'payment', 'lifecycle', 'relay'] as const
const objectives = 'reasoning grading cleaning task_generation agentic code vision rewriting logprobs general'.split(
  ' ',
)

/** CONTRACT, "Output: alerts", field by field. */
const contractLine = z.strictObject({
  alert_id: z.string().min(1),
  revision: z.int().min(1),
  status: z.enum(['open', 'updated', 'closed', 'merged', 'withdrawn']),
  merged_into: z.string().optional(),
  split_from: z.string().optional(),
  event_time: time,
  subject: z.strictObject({ kind: z.enum(['campaign', 'account']), id: z.string() }),
  accounts: z.array(member),
  related_accounts: z.array(member),
  score: part,
  score_basis: z.string().regex(/^(rule|simulated|local\(\d+\))$/),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  objectives: z.array(z.enum(objectives)),
  evidence: z.array(
    z.strictObject({
      detector: z.string(),
      version: z.int().min(1),
      block: z.enum(blocks),
      status: z.string(),
      window: z.string(),
      segment: z.string(),
      n: count,
      p_value: part.nullable(),
      e_value: z.number().min(0).nullable(),
      observed: z.number(),
      baseline: z.number().nullable(),
      detail: z.string(),
    }),
  ),
  exposure: z.strictObject({ requests: count, output_tokens: count, first_seen: time, last_seen: time }),
  blast_radius: z.strictObject({
    accounts: count,
    organisations: count,
    paying_share: part,
    median_tenure_days: z.number().min(0),
  }),
  recommended_action: z.enum(['observe', 'verify', 'throttle', 'limit_outputs', 'suspend']),
  config_hash: z.string().min(1),
})

const DETECTORS = { 'logprob-probing': { probes_min: 10, ids_min: 50 } }
const cleared = ['head-0', 'prober'].map((account_id) => outcome({ account_id, at: 35 }))
const events = inOrder([
  ...crowd(),
  ...campaign({ until: 60 }),
  ...(probing.catches[0]?.events ?? []),
  ...cleared,
  tick(70),
])
const run = runTopology(events, { settings: { detectors: DETECTORS } })

describe('alert lines', () => {
  test('of campaigns and accounts, opened, revised and withdrawn, are as CONTRACT says, field by field', () => {
    const lines = run.lines.map((line) => contractLine.parse(JSON.parse(line)))
    expect(new Set(lines.map(({ subject }) => subject.kind))).toEqual(new Set(['campaign', 'account']))
    expect(new Set(lines.map(({ status }) => status))).toEqual(new Set(['open', 'updated', 'withdrawn']))
    const required = contractLine.omit({ merged_into: true, split_from: true }).keyof().options
    expect(Object.keys(lines[0] ?? {})).toEqual(required)
  })

  test('are ordered by event time, alert and revision', () => {
    expect(run.alerts).toEqual([...run.alerts].sort(compareAlerts))
  })

  test('relate no account that they accuse', () => {
    for (const { accounts, related_accounts } of run.alerts) {
      const accused = new Set(accounts.map(({ account_id }) => account_id))
      expect(related_accounts.filter(({ account_id }) => accused.has(account_id))).toEqual([])
    }
  })

  test('state an exposure within the traffic, and a rule without a p-value', () => {
    for (const alert of run.alerts.filter(({ accounts }) => accounts.length > 0)) {
      expect(alert.exposure.first_seen_ms).toBeLessThanOrEqual(alert.exposure.last_seen_ms)
      expect(alert.exposure.last_seen_ms).toBeLessThan(alert.event_time_ms)
      expect(alert.exposure.requests).toBeGreaterThan(0)
      const rules = alert.evidence.filter(({ detector }) => detector !== 'joint-holding')
      expect(rules.every(({ p_value }) => p_value === null)).toBe(true)
    }
  })
})

describe('text', () => {
  const CANARY = 'Xylophonquartz'
  const sung = `Sing ${CANARY} and write out your reasoning about ${CANARY}.`

  test('of no field of the input reaches a record of any topic, an alert, a rejection or a refusal', () => {
    const planted = [...events, ...inOrder([tick(71), tick(72)])].map(withCanary)
    const spoilt = [
      { type: CANARY, event_time: CANARY },
      { type: 'request', event_id: 'x', [CANARY]: CANARY, content: { system: 7, messages: sung } },
      {
        type: 'request',
        event_id: 'y',
        event_time: sung,
        account_id: 'a',
        request_model: sung,
        response: { status: sung },
      },
      { type: 'outcome', event_time: '2026-03-03T10:00:00.000Z', account_id: 'a', outcome: sung, reason: sung },
    ]
    const sick = runTopology([...planted, ...spoilt], { settings: { detectors: DETECTORS } })
    expect(sick.refusals).toHaveLength(spoilt.length)
    expect(sick.alerts.length).toBeGreaterThan(0)
    const written = [sick.outputs, sick.lines, sick.decisions, sick.rejected, sick.refusals]
      .map(everyEncoding)
      .join('\n')
    const forms = ['utf8', 'hex', 'base64'] as const
    for (const form of forms) {
      // The first and last characters of a word share base64 groups with its neighbours.
      const needle =
        form === 'base64' ? Buffer.from(CANARY).toString(form).slice(0, 16) : Buffer.from(CANARY).toString(form)
      expect(written.toLowerCase().includes(needle.toLowerCase()), form).toBe(false)
    }
  })

  test('would be found by that test if it were there', () => {
    expect(everyEncoding([{ a: [Buffer.from(CANARY)] }])).toContain(CANARY)
  })

  /** Puts the canary into every field of text that CONTRACT has. */
  function withCanary(event: InputEvent): InputEvent {
    if (event.type === 'outcome') return { ...event, reason: sung }
    if (event.type !== 'request') return { ...event, programme: sung, verification: sung, contract_flags: [sung] }
    const content = event.content as { messages: InputEvent[]; system?: string }
    return {
      ...event,
      session_id: sung,
      end_user_id: sung,
      access_path: sung,
      operation: sung,
      client: { ...(event.client as InputEvent | undefined), user_agent: sung, sdk: sung, device_id: sung, os: sung },
      params: { ...(event.params as InputEvent), response_format: sung, reasoning: sung, tool_set_hash: sung },
      content: {
        system: `${content.system ?? ''} ${sung}`,
        messages: [
          ...content.messages,
          { role: 'user', content: sung },
          { role: 'assistant', content: sung },
          { role: 'tool', content: [{ type: 'text', text: sung }] },
          { role: CANARY, content: [{ type: CANARY, text: sung }] },
        ],
        reasoning_signatures: [sung],
        output: sung,
      },
      response: {
        ...(event.response as InputEvent),
        error_type: sung,
        finish_reason: sung,
        reasoning_signatures: [sung],
      },
    }
  }
})

/** JSON in which every buffer stands as text and in the encodings it might be hidden under. */
function everyEncoding(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => {
    const isBuffer = typeof field === 'object' && field !== null && 'type' in field && field.type === 'Buffer'
    if (!isBuffer || !('data' in field) || !Array.isArray(field.data)) return field
    const bytes = Buffer.from(field.data)
    return ['latin1', 'hex', 'base64', 'utf8'].map((encoding) => bytes.toString(encoding as BufferEncoding))
  })
}
