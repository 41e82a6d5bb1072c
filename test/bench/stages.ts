import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sketchKeys } from '../../lib/cli/pipeline.ts'
import { type Config, settingsSchema } from '../../lib/cli/settings-schema.ts'
import { loadConfig } from '../../lib/ops/config.ts'
import { run as edgeSketch } from './edge-sketch.ts'
import { run as intakeParts } from './intake.ts'
import { loadEvents, readSample, type Sample } from './load.ts'
import { machineText, startMachine } from './machine.ts'
import { note } from './note.ts'
import { replayFile, writeEvents } from './replay.ts'
import { type Row, rates, rateTable, table, whole, writtenTable } from './report.ts'
import { DECODE, measureStage } from './stage-part.ts'

const USAGE = `npm run bench -- [options]            npm run bench -- runtime --help
  --accounts <n>    accounts that send (5000)
  --rate <n>        requests per second of event time, over all accounts (250)
  --minutes <n>     of event time (30)
  --partitions <n>  of the topics that have many (1)
  --parts <list>    of kafka, replay, edge (all)
  --quick           300 accounts at 15/s for 5 minutes, without edge: to see that it works
  --json            JSON lines instead of Markdown
`
const SEED = 1
// Replays run from a file of about a kilobyte an event.
const REPLAY_REQUESTS_MAX = 150_000
const TEXT_REQUESTS_MAX = 50_000

interface Options {
  readonly accounts: number
  readonly requests: number
  readonly requests_per_s: number
  readonly partitions: number
  readonly parts: readonly string[]
  readonly json: boolean
}

/** `npm run bench`: how fast the stages are, and what they write. */
export async function benchStages(args: readonly string[]): Promise<void> {
  const options = readOptions(args)
  if (!options) {
    process.stdout.write(USAGE)
    return
  }
  const config = loadConfig(settingsSchema, { env: {} })
  const print = options.json ? () => undefined : (text: string) => process.stdout.write(`${text}\n\n`)
  const printJson = (line: object) => {
    if (options.json) process.stdout.write(`${JSON.stringify(line)}\n`)
  }
  const { accounts, requests, requests_per_s, partitions } = options
  const endMachine = startMachine()
  note('sketching the sample')
  const sample = await readSample(SEED, sketchKeys(config))
  const rows: Row[] = []
  const tables: string[] = []
  if (options.parts.includes('kafka')) {
    const { rows: kafkaRows, written, input, transactions, hops } = await measureStage(config, sample, options)
    rows.push(...kafkaRows)
    const request_bytes = whole(input.bytes / input.requests)
    tables.push(writtenTable(written, input))
    tables.push(
      `${transactions} transactions for ${hops} hops of the fingerprints stage; ${request_bytes} bytes a request in.`,
    )
    for (const row of written) printJson({ ...row, input_requests: input.requests, input_bytes: input.bytes })
    printJson({ transactions, hops })
  }
  if (options.parts.includes('replay')) rows.push(...(await replayPart(config, sample, options)))
  if (rows.length > 0) print(rateTable(rows, DECODE))
  for (const text of tables) print(text)
  for (const row of rows) printJson({ row: row.name, ...rates(row), ...row })
  if (options.parts.includes('edge')) {
    note('edge sketch and intake')
    const parts = [...(await edgeSketch()), ...(await intakeParts())]
    print(
      table(
        ['part', 'per call, µs', 'events/s'],
        parts.map(({ name, value, unit }) => (unit === 'events/s' ? [name, '', whole(value)] : perCall(name, value))),
      ),
    )
    for (const part of parts) printJson(part)
  }
  const machine = endMachine()
  print(
    `${whole(requests)} requests of ${whole(accounts)} accounts at ${requests_per_s}/s of event time, ` +
      `${partitions} partition${partitions === 1 ? '' : 's'}. ${machineText(machine)}`,
  )
  printJson({ accounts, requests, requests_per_s, partitions, ...machine })
}

function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      accounts: { type: 'string' },
      rate: { type: 'string' },
      minutes: { type: 'string' },
      partitions: { type: 'string', default: '1' },
      parts: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const number = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : Number(text))
  const accounts = number(values.accounts, values.quick ? 300 : 5_000)
  const requests_per_s = number(values.rate, values.quick ? 15 : 250)
  const requests = Math.round(number(values.minutes, values.quick ? 5 : 30) * 60 * requests_per_s)
  const partitions = Number(values.partitions)
  if (![accounts, requests, partitions].every((value) => Number.isInteger(value) && value > 0)) return null
  const parts = (values.parts ?? (values.quick ? 'kafka,replay' : 'kafka,replay,edge')).split(',')
  return { accounts, requests, requests_per_s, partitions, parts, json: values.json }
}

async function replayPart(config: Config, sample: Sample, options: Options): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hydrawatch-bench-'))
  try {
    const rows: Row[] = []
    for (const [name, form, requests_max] of [
      ['4 replay of sketched events', 'sketch', REPLAY_REQUESTS_MAX],
      ['5 replay of events with 1 KB of text', 'text', TEXT_REQUESTS_MAX],
    ] as const) {
      note(`writing the file of row ${name.slice(0, 1)}`)
      const path = join(folder, `${form}.ndjson`)
      const requests = Math.min(options.requests, requests_max)
      await writeEvents(path, loadEvents(sample, { ...options, requests, form }))
      note(`row ${name.slice(0, 1)}`)
      rows.push({ name, ...(await replayFile(path, config)) })
    }
    return rows
  } finally {
    await rm(folder, { recursive: true })
  }
}

function perCall(name: string, value_us: number): string[] {
  return [name, value_us.toFixed(1), whole(1_000_000 / value_us)]
}
