import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { CUE_CLASSES } from '../../lib/sketch/cues.ts'
import { createRequestSketcher } from '../../lib/sketch/request-sketch.ts'

const SCORE_MIN = 50
const PROMPTS_PER_FAMILY_MAX = 2000
const COT_TAGS = 'First write your full reasoning inside <think> and </think> tags, then give the answer.'

/** The texts of one call. */
type Prompt = { system?: string; user: string }
type Row = Record<string, unknown>

/** Prints, per prompt family and cue class, the share of prompts that score 50 or more. */
function main(): void {
  const [data] = process.argv.slice(2)
  if (data === undefined || !existsSync(data)) {
    process.stdout.write('usage: node dist/test/bench/cue-accuracy.js FOLDER, which holds the reference prompts\n')
    return
  }
  const sketch = createRequestSketcher({
    content: { epoch: 1, secret: Buffer.alloc(32, 1) },
    infrastructure: { secret: Buffer.alloc(32, 2) },
  })
  process.stdout.write(
    `| family | prompts | ${CUE_CLASSES.join(' | ')} |\n|---|---|${'---|'.repeat(CUE_CLASSES.length)}\n`,
  )
  for (const [family, prompts] of readFamilies(data)) {
    const sample = everyNth(prompts, Math.ceil(prompts.length / PROMPTS_PER_FAMILY_MAX))
    const hits = CUE_CLASSES.map(() => 0)
    for (const { system, user } of sample) {
      const { cue_scores } = sketch({ system, messages: [{ role: 'user', content: user }] }, {})
      for (const [i, score] of cue_scores.entries()) if (score >= SCORE_MIN) hits[i] = hits[i]! + 1
    }
    const shares = hits.map((count) => `${((100 * count) / sample.length).toFixed(1)}%`)
    process.stdout.write(`| ${family} | ${sample.length} | ${shares.join(' | ')} |\n`)
  }
}

/** Reads every prompt family of a data folder; a family is one file, or one file with a wrapper put around it. */
function readFamilies(data: string): Map<string, Prompt[]> {
  const read = (path: string): string => {
    const bytes = readFileSync(`${data}/${path}`)
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  }
  const rows = (path: string): Row[] => read(path).split('\n').flatMap(parseRow)
  const texts = (path: string, ...fields: string[]): Prompt[] =>
    rows(path).map((row) => ({ user: fields.map((field) => textOf(row[field])).join('\n') }))

  const questions = texts('eval_harness/gsm8k_test.jsonl.gz', 'question')
  const vision = readdirSync(`${data}/campaign_prompts/vision_llava`).filter((file) =>
    file.endsWith('system_message.txt'),
  )
  return new Map<string, Prompt[]>([
    [
      'campaign: grading, MT-bench judge',
      rows('campaign_prompts/grading_mtbench_judge_prompts.jsonl').map(judgePrompt),
    ],
    [
      'campaign: zero-shot CoT on GSM8K',
      questions.map(({ user }) => ({ user: `Q: ${user}\nA: Let's think step by step.` })),
    ],
    ['campaign: CoT tags around GSM8K', questions.map(({ user }) => ({ user: `${COT_TAGS}\n\n${user}` }))],
    [
      'campaign: vision, LLaVA generation',
      vision.map((file) => ({ user: read(`campaign_prompts/vision_llava/${file}`) })),
    ],
    ['campaign: agentic, BFCL with tools', toolPrompts(rows('campaign_prompts/agentic_BFCL_v4_live_multiple.json.gz'))],
    ['campaign: agentic, BFCL user turn', userTurns(rows('campaign_prompts/agentic_BFCL_v4_live_multiple.json.gz'))],
    ['campaign: CodeAlpaca', texts('campaign_prompts/code_alpaca_2k.jsonl.gz', 'instruction', 'input')],
    [
      'campaign: Alpaca self-instruct',
      texts('campaign_prompts/self_instruct_alpaca_26k.jsonl.gz', 'instruction', 'input'),
    ],
    ['campaign: auto-j pairs, bare prompt', texts('campaign_prompts/grading_autoj_pairwise.jsonl.gz', 'prompt')],
    [
      'campaign: RL maths, bare problem',
      (JSON.parse(read('campaign_prompts/rl_math.json.gz')) as Row[]).map((row) => ({ user: textOf(row.problem) })),
    ],
    ['benign: Arena-Hard', texts('benign_prompts/arena_hard_v0.1.jsonl.gz', 'prompt')],
    ['benign: MT-bench', rows('benign_prompts/mt_bench.jsonl').map((row) => ({ user: textOf(row.turns) }))],
    ['benign: personas', secondColumn(read('benign_prompts/awesome_chatgpt_prompts.csv.gz'))],
    ['benign: InstructWild users', texts('benign_prompts/instructwild_user_2.jsonl', 'instruction')],
    ['benign: T0 batch templates', texts('benign_prompts/etl_t0_half_of_templates.jsonl.gz', 'prompt')],
    ['benign: GSM8K harness', questions],
    ['benign: HumanEval harness', texts('eval_harness/HumanEval.jsonl.gz', 'prompt')],
  ])
}

function judgePrompt(row: Row): Prompt {
  return { system: textOf(row.system_prompt), user: textOf(row.prompt_template) }
}

function userTurns(bfclRows: Row[]): Prompt[] {
  return bfclRows.map((row) => ({ user: userText(row.question) }))
}

/** The instruction that agent frameworks put before their tools, with the tools of the row. */
function toolPrompts(bfclRows: Row[]): Prompt[] {
  const instruction = 'You have access to the following functions. To use one, return a function call as JSON.'
  return bfclRows.map((row) => ({
    system: `${instruction}\n${JSON.stringify(row.function)}`,
    user: userText(row.question),
  }))
}

/** The user turns of a BFCL question: lists of lists of messages. */
function userText(question: unknown): string {
  if (Array.isArray(question)) return question.map(userText).join('\n')
  return typeof question === 'object' && question !== null && 'content' in question ? textOf(question.content) : ''
}

/** One line of a prompt file; some lines of InstructWild are not JSON and are left out. */
function parseRow(line: string): Row[] {
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}

/** A string as it is, the first of a list, and nothing for anything else. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return textOf(value[0])
  return typeof value === 'string' ? value : ''
}

/** The second column of a CSV file with quoted fields, without its header. */
function secondColumn(csv: string): Prompt[] {
  const field = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g
  const prompts: Prompt[] = []
  let column = 0
  for (const [, quoted, plain, separator] of csv.matchAll(field)) {
    if (column === 1) prompts.push({ user: quoted?.replaceAll('""', '"') ?? plain ?? '' })
    column = separator === ',' ? column + 1 : 0
  }
  return prompts.slice(1)
}

function everyNth<T>(values: T[], n: number): T[] {
  return values.filter((_, i) => i % n === 0)
}

main()
