import { createReadStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { AZURE_ACCOUNTS } from '../../../../producers/traces/azure-llm-2023.ts'
import type { TraceRequest, UnreadableLine } from '../../../../producers/traces/format.ts'
import { TRACE_FORMATS } from '../../../../producers/traces/index.ts'
import { splitMessages, TRACE_CHARS_MAX } from '../../../../producers/traces/lmcache-agent.ts'

/** Absent outside the project's own workshop; see the skipped tests. */
const REFERENCE_DATA = new URL('../../../../../shared/data/', import.meta.url)

async function convert(name: string, lines: AsyncIterable<string> | Iterable<string>) {
  const requests: TraceRequest[] = []
  const unreadable: UnreadableLine[] = []
  for await (const record of TRACE_FORMATS.get(name)!.convert(lines)) {
    if (record.type === 'request') requests.push(record)
    else unreadable.push(record)
  }
  return { requests, unreadable }
}

describe('mooncake', () => {
  const line = (timestamp: number, hash_ids: number[], output_length = 10) =>
    JSON.stringify({ timestamp, input_length: hash_ids.length * 512, output_length, hash_ids })

  it('makes one account of the requests that share a block beyond the product prefix', async () => {
    const { requests } = await convert('mooncake', [
      line(0, [0, 1, 2]),
      line(1, [0, 3]),
      line(9, [0, 1, 4]),
      line(9, [0]),
    ])
    const account = (line_number: number) =>
      requests.find((request) => request.event_id === `mooncake-${line_number}`)?.account_id
    const accounts = [1, 2, 3, 4].map(account)
    expect(accounts[0]).toBe(accounts[2])
    expect(new Set(accounts).size).toBe(3)
  })

  it('keeps the first four and the last four prefix hashes, equal for equal blocks', async () => {
    const long = Array.from({ length: 20 }, (_, block) => block)
    const { requests } = await convert('mooncake', [line(0, long), line(60_000, [0, 1, 2])])
    const [first, second] = requests.map((request) => request.sketch!.prefix_hashes)
    expect(first).toHaveLength(8)
    expect(first!.slice(0, 3)).toEqual(second)
    expect(first!.every((hash) => Number.isSafeInteger(hash) && hash < 2 ** 52)).toBe(true)
  })

  it('writes requests in the order in which their answers end', async () => {
    const { requests } = await convert('mooncake', [line(0, [0], 5_000), line(10, [0], 1), line(20, [0], 1)])
    expect(requests.map((request) => request.event_id)).toEqual(['mooncake-2', 'mooncake-3', 'mooncake-1'])
  })

  it('names the line it cannot read and goes on', async () => {
    const { requests, unreadable } = await convert('mooncake', [
      line(0, [0]),
      '{"timestamp": -1}',
      'text',
      line(5, [0]),
    ])
    expect(requests).toHaveLength(2)
    expect(unreadable.map((bad) => [bad.line_number, bad.reason])).toEqual([
      [2, 'timestamp is not a whole number of milliseconds'],
      [3, 'not JSON'],
    ])
  })
})

describe('azure-llm-2023', () => {
  it('reads the columns, cuts the time to milliseconds and skips the header', async () => {
    const { requests, unreadable } = await convert('azure-llm-2023', [
      'TIMESTAMP,ContextTokens,GeneratedTokens',
      '2023-11-16 18:17:03.9799600,4808,10\r',
      '2023-11-16 18:17:04,3180,8',
    ])
    expect(requests).toHaveLength(1)
    expect(requests[0]).toMatchObject({
      event_time: '2023-11-16T18:17:03.979Z',
      usage: { input_tokens: 4808, output_tokens: 10 },
    })
    expect(unreadable).toMatchObject([{ line_number: 3 }])
  })
})

describe('lmcache-agent', () => {
  const line = (session: string, timestamp_ms: number, input = 'question', output = 'x'.repeat(4_000)) =>
    JSON.stringify({ session, timestamp: timestamp_ms * 1000 + 7, input, output })

  it('ends a call at the latest when the next one of its session arrives', async () => {
    const { requests } = await convert('lmcache-agent', [line('a', 3_000), line('a', 1_000), line('b', 1_500)])
    expect(requests.map((request) => request.response.latency_ms)).toEqual([2_000, 20_200, 20_200])
    expect(requests.map((request) => request.session_id === requests[0]!.session_id)).toEqual([true, false, true])
  })

  it('splits the flattened conversation at role labels and tool results', () => {
    expect(splitMessages('user: hello\nthere\n\nassistant: hi')).toEqual([
      { role: 'user', content: 'hello\nthere' },
      { role: 'assistant', content: 'hi' },
    ])
    expect(splitMessages('<pr>fix</pr>\n\n<returncode>0</returncode>\nok')).toEqual([
      { role: 'user', content: '<pr>fix</pr>' },
      { role: 'tool', content: '<returncode>0</returncode>\nok' },
    ])
  })

  it('never quotes a line that it cannot read', async () => {
    const { unreadable } = await convert('lmcache-agent', ['canary', JSON.stringify({ session: 's', input: 'canary' })])
    expect(unreadable).toHaveLength(2)
    expect(JSON.stringify(unreadable)).not.toContain('canary')
  })

  it('refuses a file that does not fit its memory ceiling', async () => {
    const long = line('a', 1, 'y'.repeat(1024 * 1024))
    await expect(convert('lmcache-agent', Array(TRACE_CHARS_MAX / 2 ** 20).fill(long))).rejects.toThrow(
      /whole sessions/,
    )
  })
})

const WHOLE_FILES = [
  { format: 'mooncake', file: 'mooncake/conversation_trace.jsonl', requests: 12_031, accounts: 7_373 },
  {
    format: 'azure-llm-2023',
    file: 'azure_llm_2023/AzureLLMInferenceTrace_code.csv',
    requests: 8_819,
    accounts: AZURE_ACCOUNTS,
  },
  {
    format: 'azure-llm-2023',
    file: 'azure_llm_2023/AzureLLMInferenceTrace_conv.csv',
    requests: 19_366,
    accounts: AZURE_ACCOUNTS,
  },
  { format: 'lmcache-agent', file: 'lmcache_agent/magagent.jsonl.gz', requests: 746, accounts: 25 },
  { format: 'lmcache-agent', file: 'lmcache_agent/miniswe.jsonl.gz', requests: 402, accounts: 20 },
]

describe.each(WHOLE_FILES)('$file', ({ format, file, requests: count, accounts }) => {
  it('becomes one request per line, in order of end_time, the same on every run', async ({ skip }) => {
    const url = new URL(file, REFERENCE_DATA)
    if (!existsSync(url)) skip(`the reference data are not beside this clone: no ${file}`)
    const { requests, unreadable } = await convert(format, readLines(url))
    expect(unreadable).toEqual([])
    expect(requests).toHaveLength(count)
    expect(new Set(requests.map((request) => request.event_id)).size).toBe(count)
    expect(new Set(requests.map((request) => request.account_id)).size).toBe(accounts)
    const ends = requests.map((request) => request.end_time)
    expect(ends).toEqual(ends.toSorted())
    const again = await convert(format, readLines(url))
    expect(JSON.stringify(again.requests)).toBe(JSON.stringify(requests))
  })
})

function readLines(url: URL): AsyncIterable<string> {
  const bytes = createReadStream(url)
  // The Azure files end lines with CRLF, one of them split over two chunks. By default readline takes an LF that comes
  // 100 ms after its CR for a line of its own, which renumbers the rest of the file on a busy machine.
  const input = url.pathname.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
}
