import { parseArgs } from 'node:util'
import { sketchKeys } from '../../../lib/cli/pipeline.ts'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { loadConfig } from '../../../lib/ops/config.ts'
import { readSample } from '../load.ts'
import { machineText, startMachine } from '../machine.ts'
import { note } from '../note.ts'
import { type Row, rates, rateTable, whole, writtenTable } from '../report.ts'
import { DECODE, measureStage, STAGE, type StageLoad } from '../stage-part.ts'
import { runChild } from './child.ts'
import { type DelayOptions, measureDelay, quantile } from './delay.ts'
import { FULL, type Profile, QUICK, SHORT } from './profiles.ts'
import type { Restored } from './restore-process.ts'
import { type RuntimeRow, runtimeTable } from './row.ts'
import type { StateReading } from './state-process.ts'

const PARTS = ['stage', 'state', 'restore', 'delay', 'memory'] as const
const USAGE = `npm run bench -- runtime [options]
  --full            the long profile: more than an hour
  --quick           small numbers of everything, to see that it works; its rows mean nothing
  --parts <list>    of ${PARTS.join(', ')} (all)
  --json            JSON lines instead of Markdown
`
const SEED = 1
const MB = 1_000_000

/** What a part found: rows against their limits, and the rest in words and tables. */
interface Found {
  readonly rows: readonly RuntimeRow[]
  readonly texts: readonly string[]
}

/** `npm run bench -- runtime`: what the runtime must reach, and what it does. */
export async function benchRuntime(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      parts: { type: 'string', default: PARTS.join(',') },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const parts = values.parts.split(',')
  if (values.help || !parts.every((part) => PARTS.some((known) => known === part))) {
    process.stdout.write(USAGE)
    return
  }
  const profile = values.quick ? QUICK : values.full ? FULL : SHORT
  const endMachine = startMachine()
  const measure: Record<(typeof PARTS)[number], () => Promise<Found>> = {
    stage: () => stagePart(profile.stage),
    state: () => statePart(profile.state),
    restore: () => restorePart(profile.restore),
    delay: () => delayPart(profile.delay),
    memory: () => memoryPart(profile.memory),
  }
  const found: Found[] = []
  for (const part of PARTS) if (parts.includes(part)) found.push(await measure[part]())
  const rows = found.flatMap((each) => each.rows)
  const machine = endMachine()
  if (values.json) {
    for (const line of [...rows, machine]) process.stdout.write(`${JSON.stringify(line)}\n`)
    return
  }
  const texts = [runtimeTable(rows), ...found.flatMap((each) => each.texts), machineText(machine)]
  process.stdout.write(`${texts.join('\n\n')}\n`)
}

async function stagePart(load: StageLoad): Promise<Found> {
  const config = loadConfig(settingsSchema, { env: {} })
  note('sketching the sample')
  const sample = await readSample(SEED, sketchKeys(config))
  const { rows, rounds, written, input, cold } = await measureStage(config, sample, load)
  const ratioOf = (of: readonly Row[]) => {
    const perCpu = (name: string) => rates(of.find((row) => row.name === name)!).per_cpu_s
    return perCpu(STAGE) / perCpu(DECODE)
  }
  const total = (name: string) => written.find(({ topic }) => topic === name)!
  const all = total('total')
  const outputs = total('total without the changelog')
  const perRequest = { unit: '', digits: 2, must: 0.5, goal: 0.1 }
  return {
    rows: [
      {
        what: 'fingerprints stage, changelog on, to kafkajs and decode, by processor time',
        unit: '',
        digits: 3,
        must: 0.25,
        goal: 0.5,
        measured: ratioOf(rows),
        isMoreBetter: true,
      },
      { what: 'records out of stage 1 per request', ...perRequest, measured: outputs.records / input.requests },
      { what: 'the same with its changelog', ...perRequest, measured: all.records / input.requests },
      { what: 'bytes out of stage 1 per byte in', ...perRequest, measured: outputs.bytes / input.bytes },
      { what: 'the same with its changelog', ...perRequest, measured: all.bytes / input.bytes },
    ],
    texts: [
      rateTable(rows, DECODE),
      writtenTable(written, input),
      `${whole(load.requests)} requests of ${whole(load.accounts)} accounts at ${load.requests_per_s}/s of event time, all of them new; ` +
        `${whole(input.bytes / input.requests)} bytes a request. The rows are the sum of ${rounds.length} rounds, of which each has the ratio ` +
        `${rounds.map((round) => ratioOf(round).toFixed(3)).join(', ')}. The process had done all of it once before; then, its code ` +
        `not compiled yet, the ratio was ${ratioOf(cold).toFixed(3)}.`,
    ],
  }
}

async function statePart(mixes: Profile['state']): Promise<Found> {
  const rows: RuntimeRow[] = []
  const texts: string[] = []
  for (const { accounts, requests, hops } of mixes) {
    note(`state of ${whole(accounts)} accounts`)
    const reading = await readState({
      accounts,
      alive: accounts,
      requests,
      hops,
      days: 1,
      max: 2 * accounts,
      readings: 1,
    })
    const { held_bytes, largest_bytes, largest_light_bytes, state_bytes } = reading.at(-1)!
    const of = `of ${whole(accounts)} accounts`
    const bytes = { unit: 'B', digits: 0, goal: null }
    rows.push(
      {
        what: `state per account ${of}, mean`,
        unit: 'B',
        digits: 0,
        must: 4_096,
        goal: 2_048,
        measured: held_bytes / accounts,
      },
      { what: `the largest ${of}`, ...bytes, must: 16_384, measured: largest_bytes },
      { what: `the largest ${of} with at most 64 requests`, ...bytes, must: 2_048, measured: largest_light_bytes },
    )
    texts.push(
      `State ${of}: ${requests} requests each on the average over a day, by Zipf's law; heap and buffers after a collection. ` +
        `The stage itself counts ${whole(state_bytes / accounts)} B an account.`,
    )
  }
  return { rows, texts }
}

async function restorePart({ accounts, requests }: Profile['restore']): Promise<Found> {
  const [found] = await runChild<Restored>('restore-process.js', [`--accounts=${accounts}`, `--requests=${requests}`])
  const { records, written_records, written_bytes, restore_ms } = found!
  return {
    rows: [
      {
        what: `restore of ${whole(accounts)} accounts, tail included`,
        unit: 's',
        digits: 2,
        must: 30,
        goal: 10,
        measured: restore_ms / 1_000,
      },
    ],
    texts: [
      `Restore: a changelog of ${whole(written_records)} records and ${whole(written_bytes / MB)} MB was written, by ${requests} requests ` +
        `an account on the average over a day; ${whole(records)} records of it were read.`,
    ],
  }
}

async function delayPart(runs: readonly DelayOptions[]): Promise<Found> {
  const rows: RuntimeRow[] = []
  const texts: string[] = []
  for (const options of runs) {
    const { delays_ms, load_lag_ms, cores } = await measureDelay(options)
    const { requests_per_s, accounts, hop_ms, warm_hops, hops, partitions, processes } = options
    const of = `hop cut to alerts, ${whole(requests_per_s)} events/s, hops of ${hop_ms / 1_000} s`
    const second = { unit: 's', digits: 2 }
    // What comes late is cut late: a delay would say more about the load than about the stages.
    const isSteady = load_lag_ms <= LOAD_LAG_MAX_MS
    const at = (q: number) => (isSteady ? quantile(delays_ms, q) / 1_000 : null)
    rows.push(
      { what: `${of}, p50`, ...second, must: null, goal: null, measured: at(0.5) },
      { what: `${of}, p99`, ...second, must: 5, goal: 2, measured: at(0.99) },
    )
    texts.push(
      `Delay with hops of ${hop_ms / 1_000} s: ${hops} hops after ${warm_hops} that do not count, ${whole(accounts)} accounts, ${partitions} partitions, all stages in ` +
        `${processes} process${processes === 1 ? '' : 'es'}, which used ${cores.toFixed(2)} of a core on the average; broker and load are processes beside it. The load was at most ` +
        `${whole(load_lag_ms)} ms behind${isSteady ? '' : ': too far to measure anything; the machine has other work'}. Single hops, s: ${delays_ms.map((ms) => (ms / 1_000).toFixed(2)).join(', ')}.`,
    )
  }
  return { rows, texts }
}

const LOAD_LAG_MAX_MS = 1_000

// What the first readings hold is the way to the ceiling of accounts.
const SETTLED_SHARE = 0.4

async function memoryPart(mix: Profile['memory']): Promise<Found> {
  note(`memory over ${mix.days} days with ${whole(mix.accounts)} accounts that come and go`)
  const readings = await readState(mix)
  const settled = readings[Math.floor(readings.length * SETTLED_SHARE)]!
  const largest = Math.max(...readings.slice(-Math.ceil(readings.length / 3)).map(({ held_bytes }) => held_bytes))
  return {
    rows: [
      {
        what: `memory at the end of ${mix.days} days to that after ${Math.round(mix.days * SETTLED_SHARE)}`,
        unit: '',
        digits: 2,
        must: 1.1,
        goal: null,
        measured: largest / settled.held_bytes,
      },
    ],
    texts: [
      `Memory: ${whole(mix.accounts)} accounts in all, ${whole(mix.alive)} of them sending at a time, a ceiling of ${whole(mix.max)}. ` +
        `Held after a collection, MB: ${readings.map(({ held_bytes }) => whole(held_bytes / MB)).join(', ')}; ` +
        `resident: ${readings.map(({ rss_bytes }) => whole(rss_bytes / MB)).join(', ')}.`,
    ],
  }
}

function readState(mix: Profile['memory']): Promise<StateReading[]> {
  const args = Object.entries(mix).map(([name, value]) => `--${name}=${value}`)
  return runChild<StateReading>('state-process.js', args, ['--expose-gc'])
}
