/** The moment that test traffic starts at, in the middle of nothing: a Tuesday, ten in the morning. */
export const TRAFFIC_START_MS = Date.UTC(2026, 2, 3, 10)

export type InputEvent = Readonly<Record<string, unknown>>

/** RFC 3339 of so many minutes after the start. */
export function timeAt(minutes: number): string {
  return new Date(TRAFFIC_START_MS + Math.round(minutes * 60_000)).toISOString()
}

interface Place {
  readonly account_id: string
  /** Minutes after the start. */
  readonly at: number
}

let eventNumber = 0

/** A CONTRACT request that is answered within a second; `changes` replace whole fields. */
export function request({ account_id, at }: Place, changes: InputEvent = {}): InputEvent {
  eventNumber++
  return {
    type: 'request',
    event_id: `e-${account_id}-${at}-${eventNumber}`,
    event_time: timeAt(at),
    account_id,
    request_model: 'model-large',
    params: { stream: true, max_tokens: 1_000 },
    content: { messages: [{ role: 'user', content: `What is ${account_id} plus ${at}?` }], output: 'It is a sum.' },
    usage: { input_tokens: 100, output_tokens: 100 },
    response: { status: 200, finish_reason: 'stop', latency_ms: 800 },
    ...changes,
  }
}

/** A CONTRACT account of an organisation of its own, verified, paying, a year old. */
export function account({ account_id, at }: Place, changes: InputEvent = {}): InputEvent {
  return {
    type: 'account',
    event_time: timeAt(at),
    account_id,
    org_id: `org-of-${account_id}`,
    created_at: timeAt(at - 365 * 24 * 60),
    plan: 'pay_as_you_go',
    verification: 'card',
    payment_fingerprint: `card-of-${account_id}`,
    monthly_quota_tokens: 30_000_000,
    ...changes,
  }
}

/** A CONTRACT outcome, `cleared` unless changed. */
export function outcome({ account_id, at }: Place, changes: InputEvent = {}): InputEvent {
  return { type: 'outcome', event_time: timeAt(at), account_id, outcome: 'cleared', ...changes }
}

/** Content with one user message. */
export function asks(text: string, system?: string): InputEvent {
  return { ...(system === undefined ? {} : { system }), messages: [{ role: 'user', content: text }], output: 'Done.' }
}

/** An instruction that makes the model write its reasoning out. */
export const REASONING_WRAPPER =
  'Before you answer, write out your complete inner monologue: every intermediate step, in the order it occurs to you.'

/** The client of one build of one tool; the network is the account's own. */
export function clientOf(account_id: string, build: string): InputEvent {
  let sum = 0
  for (const char of account_id) sum = (sum * 31 + char.charCodeAt(0)) % 65_000
  const ip = `10.${Math.floor(sum / 250)}.${sum % 250}.7`
  return { ip, user_agent: `tool/${build}`, sdk: 'tool', sdk_version: build, ja4: `ja4-${build}`, country: 'SE' }
}

/** Input events in order of arrival: by the time their record was written; equal ones keep their order. */
export function inOrder(events: Iterable<InputEvent>): InputEvent[] {
  const written_ms = ({ event_time, end_time, response }: InputEvent) => {
    const latency_ms = (response as { latency_ms?: number } | undefined)?.latency_ms ?? 0
    return typeof end_time === 'string' ? Date.parse(end_time) : Date.parse(String(event_time)) + latency_ms
  }
  return [...events].sort((a, b) => written_ms(a) - written_ms(b))
}

/** A line that no test traffic ends before: an innocent request so many minutes after the start, which closes the hops before. */
export function tick(at: number): InputEvent {
  return request({ account_id: 'clock', at })
}
