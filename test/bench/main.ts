import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { closingWatermark_ms, feed, PRODUCED_TOPICS } from '../../lib/cli/feed.ts'
import { sketchKeys } from '../../lib/cli/pipeline.ts'
import { type Config, settingsSchema } from '../../lib/cli/settings-schema.ts'
import { openPublisher } from '../../lib/kafka/publisher.ts'
import { loadConfig } from '../../lib/ops/config.ts'
import { hopOf } from '../../lib/stream/hop.ts'
import { intake } from '../../producers/intake/intake.ts'
import { type BenchCluster, startBenchCluster } from './bench-cluster.ts'
import { consumeRequests, runFingerprints } from './consume.ts'
import { run as edgeSketch } from './edge-sketch.ts'
import { run as intakeParts } from './intake.ts'
import { loadEvents, readSample, type Sample } from './load.ts'
import { replayFile, writeEvents } from './replay.ts'
import { type Row, rates, rateTable, table, type Written, whole, writtenRows, writtenTable } from './report.ts'

const USAGE = `npm run bench -- [options]
  --accounts <n>    accounts that send (5000)
  --rate <n>        requests per second of event time, over all accounts (250)
  --minutes <n>     of event time (30)
  --partitions <n>  of the topics that have many (1)
  --parts <list>    of kafka, replay, edge (all)
  --quick           300 accounts at 15/s for 5 minutes, without edge: to see that it works
  --json            JSON lines instead of Markdown
`
const SEED = 1
const DECODE = '2 kafkajs and avsc decode'
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

async function main(): Promise<void> {
  const options = readOptions()
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
  const load_before = loadavg()[0] ?? 0
  note('sketching the sample')
  const sample = await readSample(SEED, sketchKeys(config))
  const rows: Row[] = []
  const tables: string[] = []
  if (options.parts.includes('kafka')) {
    const { rows: kafkaRows, written, input, transactions, hops } = await kafkaPart(config, sample, options)
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
  const machine = { node: process.version, cores: cpus().length, load_before, load_after: loadavg()[0] ?? 0 }
  print(
    `${whole(requests)} requests of ${whole(accounts)} accounts at ${requests_per_s}/s of event time, ` +
      `${partitions} partition${partitions === 1 ? '' : 's'}. Node ${machine.node}, ${machine.cores} cores, ` +
      `load average ${machine.load_before.toFixed(1)} before and ${machine.load_after.toFixed(1)} after the run.`,
  )
  printJson({ accounts, requests, requests_per_s, partitions, ...machine })
}

function readOptions(): Options | null {
  const { values } = parseArgs({
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

/** Rows 1 to 3, and what stage 1 wrote. The load is on the broker before the first clock starts. */
async function kafkaPart(config: Config, sample: Sample, { accounts, requests, requests_per_s, partitions }: Options) {
  const cluster = await startBenchCluster(partitions)
  try {
    note(`producing ${whole(requests)} requests`)
    const events = loadEvents(sample, { accounts, requests, requests_per_s, form: 'sketch' })
    const { bytes, lastHop } = await produce(cluster, config, events, requests)
    note('row 1')
    const bare = await consumeRequests(cluster, requests, false)
    note('row 2')
    const decoded = await consumeRequests(cluster, requests, true)
    note('row 3')
    const { counters, ...fingerprints } = await runFingerprints(cluster, config, requests, lastHop)
    const sum = (pick: (task: (typeof counters.tasks)[number]) => number) =>
      counters.tasks.reduce((total, task) => total + pick(task), 0)
    const written: Written[] = writtenRows(counters.tasks, 'fingerprints.state')
    const rows: Row[] = [
      { name: '1 kafkajs alone', ...bare },
      { name: DECODE, ...decoded },
      { name: '3 fingerprints stage', ...fingerprints },
    ]
    const transactions = sum((task) => task.transactions)
    return { rows, written, input: { requests, bytes }, transactions, hops: sum((task) => task.hops) }
  } finally {
    await cluster.stop()
  }
}

async function produce(cluster: BenchCluster, config: Config, events: Iterable<object>, requests: number) {
  const publisher = await openPublisher({ ...cluster, topics: PRODUCED_TOPICS })
  try {
    const chunks = intake(['-'], { keys: sketchKeys(config), stdin: ndjson(events) })
    const counts = await feed(chunks, publisher, () => undefined)
    const written = publisher.counters().get('requests')
    if (counts.rejects > 0 || written?.records !== requests || counts.end_time_ms === null) {
      throw new Error(`${counts.rejects} events of the load were refused`)
    }
    await publisher.closeInput(closingWatermark_ms(counts.end_time_ms, config.hops))
    return { bytes: written.bytes, lastHop: hopOf(counts.end_time_ms, config.hops.length_ms) }
  } finally {
    await publisher.close()
  }
}

async function* ndjson(events: Iterable<object>): AsyncGenerator<Buffer> {
  let lines: string[] = []
  for (const event of events) {
    lines.push(`${JSON.stringify(event)}\n`)
    if (lines.length < 500) continue
    yield Buffer.from(lines.join(''))
    lines = []
  }
  yield Buffer.from(lines.join(''))
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

function note(text: string): void {
  process.stderr.write(`bench: ${text}\n`)
}

await main()
