import {
  CHARS_PER_TOKEN,
  type TraceFormat,
  type TraceRequest,
  type TraceSketch,
  type UnreadableLine,
} from './format.ts'
import { hash52, hexId } from './ids.ts'
import { assumedLatency_ms } from './latency.ts'
import { type Call, orderByEnd } from './order.ts'

/** The trace counts milliseconds from its own start; this is where we put that start. */
export const MOONCAKE_START_MS = Date.parse('2026-03-02T08:00:00.000Z')

/** `prefix_hashes` holds the first four and the last four block boundaries (schemas/request.avsc). */
const PREFIX_ENDS = 4

interface MooncakeLine {
  timestamp: number
  input_length: number
  output_length: number
  hash_ids: number[]
}

/**
 * Mooncake conversation trace (kvcache-ai/Mooncake, FAST'25): one JSON object per chat request with `timestamp` (ms),
 * `input_length` and `output_length` (tokens) and `hash_ids`, one id per 512-token block.
 *
 * - No text and no accounts. Every request shares block 0 (the product's own prompt), so block 1 is where conversations
 *   part: requests that share it are one session, and each session is one account. Real users hold several sessions;
 *   the trace cannot say which, so accounts are smaller here than in life. A request of one block stands alone.
 * - A block's id stands for everything up to its end (no id in the trace follows two different ids), so the ids are the
 *   chained conversation hashes already and are only spread over 52 bits.
 * - Latency is assumed from the lengths.
 */
export const mooncake: TraceFormat = {
  name: 'mooncake',
  convert: (lines) => orderByEnd(readCalls(lines)),
}

async function* readCalls(
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<Call<TraceRequest | UnreadableLine>> {
  let line_number = 0
  let last_ms = MOONCAKE_START_MS
  for await (const line of lines) {
    line_number += 1
    if (line.trim() === '') continue
    const row = parseRow(line)
    if (typeof row === 'string') {
      yield { event_ms: last_ms, end_ms: last_ms, value: { type: 'unreadable', line_number, reason: row } }
      continue
    }
    const event_ms = MOONCAKE_START_MS + row.timestamp
    const latency_ms = assumedLatency_ms(row.input_length, row.output_length)
    last_ms = event_ms
    yield { event_ms, end_ms: event_ms + latency_ms, value: toRequest(row, line_number, event_ms, latency_ms) }
  }
}

function toRequest(row: MooncakeLine, line_number: number, event_ms: number, latency_ms: number): TraceRequest {
  const session = hexId(12, 'mooncake', row.hash_ids[1] ?? `line ${line_number}`)
  return {
    type: 'request',
    event_id: `mooncake-${line_number}`,
    event_time: new Date(event_ms).toISOString(),
    end_time: new Date(event_ms + latency_ms).toISOString(),
    account_id: `mooncake-${session}`,
    session_id: `mooncake-session-${session}`,
    request_model: 'mooncake-conversation',
    operation: 'chat',
    sketch: toSketch(row),
    usage: { input_tokens: row.input_length, output_tokens: row.output_length },
    response: { status: 200, latency_ms },
  }
}

function toSketch(row: MooncakeLine): TraceSketch {
  const blocks = row.hash_ids
  const kept =
    blocks.length <= 2 * PREFIX_ENDS ? blocks : [...blocks.slice(0, PREFIX_ENDS), ...blocks.slice(-PREFIX_ENDS)]
  const body_hash = hash52('mooncake body', blocks.at(-1) ?? 'none', row.input_length)
  return {
    key_epoch: 0,
    system_hash: null,
    prefix_hashes: kept.map((id) => hash52('mooncake block', id)),
    body_hash,
    body_bias_hash: body_hash,
    spans: [],
    cue_scores: [],
    messages: 1,
    system_chars: 0,
    input_chars: row.input_length * CHARS_PER_TOKEN,
    output_chars: row.output_length * CHARS_PER_TOKEN,
  }
}

/** The row, or the reason why there is none. */
function parseRow(line: string): MooncakeLine | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'not JSON'
  }
  if (typeof value !== 'object' || value === null) return 'not a JSON object'
  const row = value as Partial<MooncakeLine>
  if (!isCount(row.timestamp)) return 'timestamp is not a whole number of milliseconds'
  if (!isCount(row.input_length) || !isCount(row.output_length)) return 'input_length or output_length is not a count'
  if (!Array.isArray(row.hash_ids) || !row.hash_ids.every(isCount)) return 'hash_ids is not a list of ids'
  return {
    timestamp: row.timestamp,
    input_length: row.input_length,
    output_length: row.output_length,
    hash_ids: row.hash_ids,
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
