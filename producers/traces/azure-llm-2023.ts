import type { TraceFormat, TraceRequest, UnreadableLine } from './format.ts'
import { hash52, hexId } from './ids.ts'
import { assumedLatency_ms } from './latency.ts'
import { type Call, orderByEnd } from './order.ts'

/**
 * Accounts over which the calls of a file are spread. The trace names none; with 200 an account of the
 * code file makes 44 of them and one of the conversation file 97.
 */
export const AZURE_ACCOUNTS = 200

const ROW = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{3})\d*,(\d+),(\d+)$/

/**
 * Azure LLM inference trace 2023 (Splitwise, ISCA 2024): CSV of `TIMESTAMP,ContextTokens,GeneratedTokens`, times in UTC
 * with 100 ns digits, of which milliseconds are kept.
 *
 * - No text, no accounts, no sessions. Each call goes to one of `AZURE_ACCOUNTS` accounts by a hash of its row, so an
 *   account here is a thinned copy of the whole service: its arrival times are real, its regularity says nothing.
 * - The code and the conversation file have the same columns and are not told apart.
 * - Latency is assumed from the lengths.
 */
export const azureLlm2023: TraceFormat = {
  name: 'azure-llm-2023',
  convert: (lines) => orderByEnd(readCalls(lines)),
}

async function* readCalls(
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<Call<TraceRequest | UnreadableLine>> {
  let line_number = 0
  let last_ms = 0
  for await (const line of lines) {
    line_number += 1
    const text = line.trim()
    if (text === '' || text.startsWith('TIMESTAMP')) continue
    const call = toCall(text, line_number)
    if (call === null) {
      const value: UnreadableLine = {
        type: 'unreadable',
        line_number,
        reason: 'not TIMESTAMP,ContextTokens,GeneratedTokens',
      }
      yield { event_ms: last_ms, end_ms: last_ms, value }
      continue
    }
    last_ms = call.event_ms
    yield call
  }
}

function toCall(text: string, line_number: number): Call<TraceRequest> | null {
  const found = ROW.exec(text)
  if (found === null) return null
  const [, date, time, fraction, context, generated] = found
  const event_ms = Date.parse(`${date}T${time}.${fraction}Z`)
  if (Number.isNaN(event_ms)) return null
  const input_tokens = Number(context)
  const output_tokens = Number(generated)
  const latency_ms = assumedLatency_ms(input_tokens, output_tokens)
  const end_ms = event_ms + latency_ms
  // The row's text is part of the id because both files of the trace start at line 2.
  const id = hexId(12, 'azure-llm-2023', line_number, text)
  const value: TraceRequest = {
    type: 'request',
    event_id: `azure-${id}`,
    event_time: new Date(event_ms).toISOString(),
    end_time: new Date(end_ms).toISOString(),
    account_id: `azure-${hash52('azure-llm-2023 account', text) % AZURE_ACCOUNTS}`,
    request_model: 'azure-llm-2023',
    operation: 'chat',
    usage: { input_tokens, output_tokens },
    response: { status: 200, latency_ms },
  }
  return { event_ms, end_ms, value }
}
