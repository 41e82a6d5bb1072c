import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { CHARS_PER_TOKEN } from '../traces/format.ts'
import { SAMPLE_DATA_FOLDER } from './folder.ts'

/** Tokens in and out of one call. */
export interface Size {
  input_tokens: number
  output_tokens: number
}

/** A call at an offset from the start of its session. */
export interface SessionCall extends Size {
  offset_ms: number
}

/** Request rates of one real client, one entry per ten minutes, relative to their sum; `cv` is that of the gaps. */
export interface ClientRates {
  shares: number[]
  cv: number
}

/** The shipped texts and traces, parsed. */
export interface Library {
  arenaHard: string[]
  mtBench: string[][]
  personas: string[]
  etl: Map<string, string[]>
  gsm8k: { question: string; answer: string }[]
  humanEval: { prompt: string; solution: string }[]
  functionCalls: { prompt: string; functions: string[] }[]
  math: string[]
  judge: { name: string; system_prompt: string; prompt_template: string }[]
  imageTasks: { system: string; prompt: string }[]
  agentTexts: { input: string; output: string }[]
  chatSessions: SessionCall[][]
  agentSessions: SessionCall[][]
  apiSizes: Size[]
  clientRates: ClientRates[]
  /** Arrivals of a real service within its window, as fractions of it, ascending. */
  arrivals: number[]
}

let loaded: Library | undefined

/** Reads the shipped data once per process: 0.6 MB compressed, 6 MB in memory. */
export function loadLibrary(): Library {
  loaded ??= readLibrary((name) => gunzipSync(readFileSync(`${SAMPLE_DATA_FOLDER}${name}.gz`)).toString('utf8'))
  return loaded
}

/** Parses the files that make-data writes, by name without `.gz`. */
export function readLibrary(read: (name: string) => string): Library {
  const lines = (name: string): string[] =>
    read(name)
      .split('\n')
      .filter((line) => line !== '')
  const jsonLines = <T>(name: string): T[] => lines(name).map((line) => JSON.parse(line) as T)
  const csv = (name: string): string[][] =>
    lines(name)
      .slice(1)
      .map((line) => line.split(','))
  const azure = [...csv('azure-conv.csv'), ...csv('azure-code.csv')]
  return {
    arenaHard: jsonLines<{ prompt: string }>('arena-hard.jsonl').map(({ prompt }) => prompt),
    mtBench: jsonLines<{ turns: string[] }>('mt-bench.jsonl').map(({ turns }) => turns),
    personas: jsonLines<{ prompt: string }>('personas.jsonl').map(({ prompt }) => prompt),
    etl: readTemplates(jsonLines('etl.jsonl')),
    gsm8k: jsonLines('gsm8k.jsonl'),
    humanEval: jsonLines('humaneval.jsonl'),
    functionCalls: jsonLines('bfcl.jsonl'),
    math: jsonLines<{ problem: string }>('math.jsonl').map(({ problem }) => problem),
    judge: jsonLines('judge-prompts.jsonl'),
    imageTasks: jsonLines('llava.jsonl'),
    agentTexts: jsonLines('lmcache-agent.jsonl'),
    chatSessions: readChatSessions(jsonLines('mooncake.jsonl')),
    agentSessions: readAgentSessions(csv('lmcache-timing.csv')),
    apiSizes: azure.map(([, input, output]) => ({ input_tokens: Number(input), output_tokens: Number(output) })),
    clientRates: readClientRates(csv('servegen-rates.csv')),
    arrivals: readArrivals(csv('azure-conv.csv')),
  }
}

function readTemplates(rows: { template: string; prompt: string }[]): Map<string, string[]> {
  const templates = new Map<string, string[]>(rows.map(({ template }) => [template, []]))
  for (const { template, prompt } of rows) templates.get(template)?.push(prompt)
  return templates
}

/** Requests that share a block beyond the product prefix are one conversation (producers/traces/mooncake.ts). */
function readChatSessions(
  rows: { timestamp: number; input_length: number; output_length: number; hash_ids: number[] }[],
): SessionCall[][] {
  return groupSessions(
    rows.map(({ timestamp, input_length, output_length, hash_ids }, index) => ({
      session: String(hash_ids[1] ?? `alone ${index}`),
      at_ms: timestamp,
      input_tokens: input_length,
      output_tokens: output_length,
    })),
  )
}

function readAgentSessions(rows: string[][]): SessionCall[][] {
  return groupSessions(
    rows.map(([session, at_us, input, output]) => ({
      session: session ?? '',
      at_ms: Math.floor(Number(at_us) / 1000),
      input_tokens: Math.ceil(Number(input) / CHARS_PER_TOKEN),
      output_tokens: Math.ceil(Number(output) / CHARS_PER_TOKEN),
    })),
  )
}

function groupSessions(rows: ({ session: string; at_ms: number } & Size)[]): SessionCall[][] {
  const sessions = new Map<string, (Size & { at_ms: number })[]>()
  for (const row of rows) {
    const session = sessions.get(row.session)
    if (session === undefined) sessions.set(row.session, [row])
    else session.push(row)
  }
  return [...sessions.values()].map((calls) =>
    calls.map(({ at_ms, input_tokens, output_tokens }) => ({
      offset_ms: at_ms - calls[0]!.at_ms,
      input_tokens,
      output_tokens,
    })),
  )
}

function readClientRates(rows: string[][]): ClientRates[] {
  const clients = new Map<string, { rate: number; cv: number }[]>()
  for (const [category, model, client, , rate, cv] of rows) {
    const key = `${category},${model},${client}`
    clients.set(key, [...(clients.get(key) ?? []), { rate: Number(rate), cv: Number(cv) }])
  }
  return [...clients.values()].map((bins) => {
    const sum = bins.reduce((total, { rate }) => total + rate, 0)
    const busy = bins.filter(({ cv }) => cv > 0)
    const cv = busy.length === 0 ? 1 : busy.reduce((total, bin) => total + bin.cv, 0) / busy.length
    return { shares: bins.map(({ rate }) => rate / sum), cv }
  })
}

function readArrivals(rows: string[][]): number[] {
  const times_ms = rows.map(([time]) => Date.parse(`${time?.slice(0, 23).replace(' ', 'T')}Z`))
  const first_ms = times_ms[0]!
  const window_ms = times_ms.at(-1)! - first_ms + 1
  return times_ms.map((time_ms) => (time_ms - first_ms) / window_ms)
}
