import { UsageError } from '../../lib/ops/errors.ts'
import {
  CHARS_PER_TOKEN,
  type TraceFormat,
  type TraceMessage,
  type TraceRequest,
  type UnreadableLine,
} from './format.ts'
import { hexId } from './ids.ts'
import { assumedLatency_ms } from './latency.ts'

/**
 * The published files hold 8 and 10 million characters; the whole file is sorted in memory, so a larger one is
 * refused.
 */
export const TRACE_CHARS_MAX = 64 * 1024 * 1024

interface AgentCall {
  session: string
  event_ms: number
  input: string
  output: string
  line_number: number
}

/**
 * LMCache agent trace (LMCache/lmcache-agent-trace): JSON lines `{session, timestamp (µs), input, output}` of
 * magentic-one and mini-swe-agent runs, with full text.
 *
 * - One session is one account; the trace names no users.
 * - `timestamp` is taken as the arrival: the gap to the next call of the session goes with the length of the call's own
 *   output (mini-swe-agent, gaps under 20 s: r = 0.57) and not with that of the next one (0.16). Latency is assumed
 *   from the lengths and cut at the next call of the session, so no call of a session overlaps the next.
 * - Files list one session after the other, each out of order. Sessions overlap in time, so the file is sorted as a
 *   whole.
 * - `input` is the flattened conversation: split at role labels (magentic-one) and at tool results (mini-swe-agent).
 *
 * @throws UsageError when the file holds more than `TRACE_CHARS_MAX` characters.
 */
export const lmcacheAgent: TraceFormat = { name: 'lmcache-agent', convert }

async function* convert(
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<TraceRequest | UnreadableLine> {
  const calls: AgentCall[] = []
  let line_number = 0
  let chars = 0
  for await (const line of lines) {
    line_number += 1
    if (line.trim() === '') continue
    chars += line.length
    if (chars > TRACE_CHARS_MAX) {
      throw new UsageError(
        `lmcache-agent: the trace is longer than ${TRACE_CHARS_MAX} characters (at line ${line_number}); ` +
          'split it into files of whole sessions',
      )
    }
    const call = parseCall(line, line_number)
    if (typeof call === 'string') yield { type: 'unreadable', line_number, reason: call }
    else calls.push(call)
  }
  yield* toRequests(calls)
}

function toRequests(calls: AgentCall[]): TraceRequest[] {
  calls.sort((a, b) => a.event_ms - b.event_ms || a.line_number - b.line_number)
  const next_ms = new Map<string, number>()
  const requests: { end_ms: number; request: TraceRequest }[] = []
  // Backwards, so that the next call of the session is known.
  for (const call of calls.reverse()) {
    const input_tokens = Math.ceil(call.input.length / CHARS_PER_TOKEN)
    const output_tokens = Math.ceil(call.output.length / CHARS_PER_TOKEN)
    const gap_ms = (next_ms.get(call.session) ?? Number.POSITIVE_INFINITY) - call.event_ms
    const latency_ms = Math.min(assumedLatency_ms(input_tokens, output_tokens), gap_ms)
    next_ms.set(call.session, call.event_ms)
    const end_ms = call.event_ms + latency_ms
    requests.push({ end_ms, request: toRequest(call, end_ms, input_tokens, output_tokens) })
  }
  // A stable sort of the reversed list, so that calls which end together keep their order of arrival.
  return requests
    .reverse()
    .sort((a, b) => a.end_ms - b.end_ms)
    .map(({ request }) => request)
}

function toRequest(call: AgentCall, end_ms: number, input_tokens: number, output_tokens: number): TraceRequest {
  const session = hexId(12, 'lmcache', call.session)
  return {
    type: 'request',
    event_id: `lmcache-${hexId(12, call.session, call.line_number, call.event_ms)}`,
    event_time: new Date(call.event_ms).toISOString(),
    end_time: new Date(end_ms).toISOString(),
    account_id: `lmcache-${session}`,
    session_id: `lmcache-session-${session}`,
    request_model: 'lmcache-agent',
    operation: 'chat',
    content: { messages: splitMessages(call.input), output: call.output },
    usage: { input_tokens, output_tokens },
    response: { status: 200, latency_ms: end_ms - call.event_ms },
  }
}

const BOUNDARY = /(?:^|\n\n)(?=(?:user|assistant|system): |<returncode>)/
const ROLE = /^(user|assistant|system): /

/**
 * Splits a flattened conversation into messages. What has no label is the user's, a `<returncode>` block the tool's.
 */
export function splitMessages(input: string): TraceMessage[] {
  return input
    .split(BOUNDARY)
    .filter((part) => part !== '')
    .map((part) => {
      const role = ROLE.exec(part)?.[1]
      if (role !== undefined) return { role, content: part.slice(role.length + 2) }
      return { role: part.startsWith('<returncode>') ? 'tool' : 'user', content: part }
    })
}

/** The call, or the reason why there is none. The reason never quotes the line. */
function parseCall(line: string, line_number: number): AgentCall | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'not JSON'
  }
  if (typeof value !== 'object' || value === null) return 'not a JSON object'
  const { session, timestamp, input, output } = value as Record<string, unknown>
  if (typeof session !== 'string') return 'session is not a string'
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp)) return 'timestamp is not a whole number of µs'
  const event_ms = Math.floor(timestamp / 1000)
  if (Number.isNaN(new Date(event_ms).getTime())) return 'timestamp is outside the calendar'
  if (typeof input !== 'string' || typeof output !== 'string') return 'input or output is not a string'
  return { session, event_ms, input, output, line_number }
}
