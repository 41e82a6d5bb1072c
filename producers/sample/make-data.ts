import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { UsageError } from '../../lib/ops/errors.ts'

/**
 * Cuts the shipped sample data out of the full public sets. Rerun it only when the choice below changes:
 *
 *   npm run build && node dist/producers/sample/make-data.js SOURCE_FOLDER producers/sample/data
 *
 * Every set here may be redistributed; THIRD_PARTY.md names its source, licence and attribution. Text whose licence is
 * unknown or non-commercial is not read.
 */

/** How much of each set is taken. `step` n keeps every nth row. */
export interface Cut {
  readonly rows_max: number
  readonly step: (shipped: number) => number
  readonly textSessions_max: number
  readonly personas_max: number
  readonly templates: readonly string[] | 'all'
  readonly templateRows_max: number
}

/** What ships: free to redistribute, and small. */
const SHIPPED: Cut = {
  rows_max: 2_500,
  step: (shipped) => shipped,
  textSessions_max: 5,
  personas_max: 160,
  // Templates over passages that are free to redistribute (CommonGen and CommonsenseQA MIT, QuaRTz CC-BY-4.0).
  templates: [
    'quartz_use_info_from_paragraph_question',
    'commonsense_qa_most_suitable_answer',
    'common_gen_Given_concepts_type_1',
  ],
  templateRows_max: 150,
}

/** All of it, for those who have the sets at hand. */
export const WHOLE_SETS: Cut = {
  rows_max: Number.POSITIVE_INFINITY,
  step: () => 1,
  textSessions_max: Number.POSITIVE_INFINITY,
  personas_max: Number.POSITIVE_INFINITY,
  templates: 'all',
  templateRows_max: Number.POSITIVE_INFINITY,
}

/** Uncompressed content of every file in the data folder, by name without `.gz`. */
export function makeData(source: string, cut = SHIPPED): Map<string, string> {
  const read = (path: string): string => {
    const bytes = readFileSync(join(source, path))
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  }
  return new Map([
    ['mooncake.jsonl', joinLines(readLines(read('mooncake/conversation_trace.jsonl')).slice(0, cut.rows_max))],
    [
      'azure-code.csv',
      joinLines(readLines(read('azure_llm_2023/AzureLLMInferenceTrace_code.csv')).slice(0, cut.rows_max + 1)),
    ],
    [
      'azure-conv.csv',
      joinLines(readLines(read('azure_llm_2023/AzureLLMInferenceTrace_conv.csv')).slice(0, cut.rows_max + 1)),
    ],
    ['lmcache-agent.jsonl', agentSessions(read, cut)],
    ['lmcache-timing.csv', agentTiming(read)],
    ['servegen-rates.csv', clientRates(read('servegen/client_rate_traces.csv.gz'))],
    ['servegen-fortnight.csv', clientFortnights(read('servegen/client_rate_traces.csv.gz'))],
    [
      'arena-hard.jsonl',
      pick(jsonLines(read('benign_prompts/arena_hard_v0.1.jsonl.gz')), 1, ({ prompt }) => ({ prompt })),
    ],
    ['mt-bench.jsonl', pick(jsonLines(read('benign_prompts/mt_bench.jsonl')), 1, ({ turns }) => ({ turns }))],
    ['personas.jsonl', personas(read('benign_prompts/awesome_chatgpt_prompts.csv.gz'), cut)],
    ['etl.jsonl', etlRows(jsonLines(read('benign_prompts/etl_t0_half_of_templates.jsonl.gz')), cut)],
    [
      'gsm8k.jsonl',
      pick(jsonLines(read('eval_harness/gsm8k_test.jsonl.gz')), cut.step(3), ({ question, answer }) => ({
        question,
        answer,
      })),
    ],
    ['humaneval.jsonl', pick(jsonLines(read('eval_harness/HumanEval.jsonl.gz')), 1, humanEval)],
    ['bfcl.jsonl', functionCalls(jsonLines(read('campaign_prompts/agentic_BFCL_v4_live_multiple.json.gz')), cut)],
    [
      'math.jsonl',
      pick(parseArray(read('campaign_prompts/rl_math.json.gz')), cut.step(15), ({ problem }) => ({ problem })),
    ],
    [
      'judge-prompts.jsonl',
      pick(jsonLines(read('campaign_prompts/grading_mtbench_judge_prompts.jsonl')), 1, judgePrompt),
    ],
    ['llava.jsonl', llavaPrompts(read)],
  ])
}

type Row = Record<string, unknown>
type Read = (path: string) => string

const LMCACHE_FILES = ['lmcache_agent/magagent.jsonl.gz', 'lmcache_agent/miniswe.jsonl.gz']

/** Whole sessions with their text, lines as published: the ones with the least of it. */
function agentSessions(read: Read, { textSessions_max }: Cut): string {
  return LMCACHE_FILES.map((file) => {
    const chars = new Map<string, number>()
    const lines = readLines(read(file)).map((line) => ({ line, session: String((JSON.parse(line) as Row).session) }))
    for (const { line, session } of lines) chars.set(session, (chars.get(session) ?? 0) + line.length)
    const smallest = [...chars].sort((a, b) => a[1] - b[1]).slice(0, textSessions_max)
    const kept = new Set(smallest.map(([session]) => session))
    return joinLines(lines.filter(({ session }) => kept.has(session)).map(({ line }) => line))
  }).join('')
}

/** Arrival and lengths of every call of every session, in order of time within a session. */
function agentTiming(read: Read): string {
  const rows = LMCACHE_FILES.flatMap((file) => jsonLines(read(file)))
    .map((row) => ({
      session: String(row.session).slice(0, 8),
      at_us: Number(row.timestamp),
      sizes: `${String(row.input).length},${String(row.output).length}`,
    }))
    .sort((a, b) => compare(a.session, b.session) || a.at_us - b.at_us)
  const lines = rows.map(({ session, at_us, sizes }) => `${session},${at_us},${sizes}`)
  return joinLines(['session,timestamp_us,input_chars,output_chars', ...lines])
}

/** 08:00 to 14:00 of the first day, ten minutes to a bin. */
const RATE_WINDOW_S = { from: 8 * 3600, to: 14 * 3600 }
const RATE_CLIENTS_PER_MODEL = 12

/** Rates of up to twelve clients per model, of those that sent anything in the window. */
function clientRates(csv: string): string {
  const [header, ...rows] = readLines(csv)
  const byClient = new Map<string, string[]>()
  for (const row of rows) {
    const [category, model, client, t_s] = row.split(',')
    if (Number(t_s) < RATE_WINDOW_S.from || Number(t_s) >= RATE_WINDOW_S.to) continue
    const key = `${category},${model},${client}`
    byClient.set(key, [...(byClient.get(key) ?? []), row])
  }
  const kept = new Map<string, number>()
  const lines: string[] = []
  for (const [key, bins] of byClient) {
    const model = key.slice(0, key.lastIndexOf(','))
    const count = kept.get(model) ?? 0
    if (count === RATE_CLIENTS_PER_MODEL || bins.every((bin) => Number(bin.split(',')[4]) === 0)) continue
    kept.set(model, count + 1)
    lines.push(...bins.map(shortNumbers))
  }
  return joinLines([header ?? '', ...lines])
}

const FORTNIGHT_HOURS = 336
const BINS_PER_HOUR = 6
const BUSY_HOURS_MIN = 3
/** Rates are whole thousandths of the busiest hour; shapes are hundredths. */
const RATE_UNITS = 999
const SHAPE_UNITS = 100
const SHAPE_MAX = 3

/**
 * Every client that was watched for fourteen days, an hour to a number: its rate, and the shape of the gaps (in the
 * family that fits most of its bins) where it sent anything.
 */
function clientFortnights(csv: string): string {
  const byClient = new Map<string, { rate: number; family: string; shape: number }[]>()
  for (const row of readLines(csv).slice(1)) {
    const [category, model, client, , rate, , family = '', shape] = row.split(',')
    const key = `${category},${model},${client}`
    const bins = byClient.get(key) ?? []
    bins.push({ rate: Number(rate), family, shape: Number(shape) })
    byClient.set(key, bins)
  }
  const lines: string[] = []
  for (const [key, bins] of byClient) {
    if (bins.length !== FORTNIGHT_HOURS * BINS_PER_HOUR) continue
    const hours = Array.from({ length: FORTNIGHT_HOURS }, (_, hour) =>
      bins.slice(hour * BINS_PER_HOUR, (hour + 1) * BINS_PER_HOUR),
    )
    const rates = hours.map((hour) => hour.reduce((sum, { rate }) => sum + rate, 0))
    if (rates.filter((rate) => rate > 0).length < BUSY_HOURS_MIN) continue
    const fitted = bins.filter(({ family }) => family !== '')
    const family = fitted.filter((bin) => bin.family === 'Gamma').length * 2 > fitted.length ? 'Gamma' : 'Weibull'
    const busiest = Math.max(...rates)
    const shapes = hours.map((hour) => {
      const own = hour.filter((bin) => bin.family === family).map(({ shape }) => shape)
      const middle = own.sort((a, b) => a - b)[own.length >> 1]
      return middle === undefined ? '' : String(Math.max(1, Math.round(Math.min(SHAPE_MAX, middle) * SHAPE_UNITS)))
    })
    const units = rates.map((rate) => Math.round((rate / busiest) * RATE_UNITS) || '')
    lines.push(`${key},${family},${units.join(' ')},${shapes.join(' ')}`)
  }
  return joinLines(['category,model,client,family,rates,shapes', ...lines])
}

/** Four significant digits are plenty for a rate and a third of the bytes. */
function shortNumbers(row: string): string {
  return row.replace(/\d+\.\d{5,}/g, (number) => String(Number(Number(number).toPrecision(4))))
}

const PERSONA_CHARS_MAX = 900

function personas(csv: string, { personas_max }: Cut): string {
  const kept = parseCsv(csv)
    .slice(1)
    .map((fields) => ({ prompt: fields[1] ?? '', kind: fields[3] }))
    .filter(({ prompt, kind }) => kind === 'TEXT' && prompt.length > 40 && prompt.length <= PERSONA_CHARS_MAX)
  return pick(kept.slice(0, personas_max), 1, ({ prompt }) => ({ prompt }))
}

/** Rows by template, so that the rows of one stand together. */
function etlRows(rows: Row[], { templates, templateRows_max }: Cut): string {
  const byTemplate = new Map<string, Row[]>()
  for (const row of rows) {
    const known = byTemplate.get(String(row.template))
    if (known === undefined) byTemplate.set(String(row.template), [row])
    else known.push(row)
  }
  const names = templates === 'all' ? [...byTemplate.keys()] : templates
  return names
    .map((name) =>
      pick((byTemplate.get(name) ?? []).slice(0, templateRows_max), 1, ({ template, prompt }) => ({
        template,
        prompt,
      })),
    )
    .join('')
}

function humanEval({ prompt, canonical_solution }: Row): Row {
  return { prompt, solution: canonical_solution }
}

function judgePrompt({ name, system_prompt, prompt_template }: Row): Row {
  return { name, system_prompt, prompt_template }
}

/** First user turn and the names of the offered functions; of every fourth case in what ships. */
function functionCalls(rows: Row[], { step }: Cut): string {
  return pick(rows, step(4), (row) => {
    const [turn] = row.question as { content: string }[][]
    return {
      prompt: turn?.at(-1)?.content ?? '',
      functions: (row.function as { name: string }[]).map(({ name }) => name),
    }
  })
}

const LLAVA_TASKS = { complex_reasoning: 3, conversation: 2, detail_description: 3 }

/** Each generation task's system message with each of its captions. */
function llavaPrompts(read: Read): string {
  const folder = 'campaign_prompts/vision_llava/prompts__'
  const rows = Object.entries(LLAVA_TASKS).flatMap(([task, examples]) =>
    Array.from({ length: examples }, (_, example) => ({
      system: read(`${folder}${task}__system_message.txt`).trim(),
      prompt: read(`${folder}${task}__00${example}_caps.txt`).trim(),
    })),
  )
  return pick(rows, 1, (row) => row)
}

/** Every `step`-th row, cut down to what `project` keeps, as JSON lines. */
function pick<T>(rows: T[], step: number, project: (row: T) => object): string {
  return joinLines(rows.filter((_, index) => index % step === 0).map((row) => JSON.stringify(project(row))))
}

function jsonLines(text: string): Row[] {
  return readLines(text).map((line) => JSON.parse(line) as Row)
}

function parseArray(text: string): Row[] {
  return JSON.parse(text) as Row[]
}

function readLines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '')
}

function joinLines(lines: string[]): string {
  return `${lines.join('\n')}\n`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** RFC 4180: quoted fields may hold commas, line breaks and doubled quotes. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end !== ',') rows.push([])
  }
  return rows
}

function writeData(source: string | undefined, target: string | undefined): void {
  if (source === undefined || target === undefined) {
    throw new UsageError(
      'make-data: give the folder of the full sets and the folder to write: make-data.js SOURCE TARGET',
    )
  }
  for (const [name, text] of makeData(source)) writeFileSync(join(target, `${name}.gz`), gzipSync(text, { level: 9 }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeData(process.argv[2], process.argv[3])
