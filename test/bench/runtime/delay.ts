import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { loadConfig } from '../../../lib/ops/config.ts'
import { hopEnd_ms, hopOf } from '../../../lib/stream/hop.ts'
import { keepAtMost, startBenchCluster } from '../bench-cluster.ts'
import { note } from '../note.ts'
import { type Child, startChild } from './child.ts'
import type { LoadLine } from './load-process.ts'
import type { StagesLine } from './stages-process.ts'

export interface DelayOptions {
  readonly accounts: number
  readonly requests_per_s: number
  readonly partitions: number
  readonly hop_ms: number
  /** Each runs every stage; the groups deal the tasks. */
  readonly processes: number
  /** Whole hops before those that count: the first time of everything, which a stage that runs for weeks does not have. */
  readonly warm_hops: number
  /** Whole hops that count. */
  readonly hops: number
}

export interface Delay {
  /** By hop: from the moment at which the clock had passed its end and the bound, to the commit of its alerts. */
  readonly delays_ms: readonly number[]
  /** How far the load was behind itself at the worst, in the hops that count. */
  readonly load_lag_ms: number
  /** Processor time of all processes of the stages, as a share of one core. */
  readonly cores: number
}

// The load goes on a little after the last hop, whose cut it must bring.
const SPARE_MS = 5_000
const PARTITION_BYTES_MAX = 100 << 20

/** Runs every stage on live traffic; load, stages and broker are processes of their own. */
export async function measureDelay(options: DelayOptions): Promise<Delay> {
  const { partitions, hop_ms, warm_hops, hops, processes } = options
  const { bound_ms } = loadConfig(settingsSchema, { env: {} }).hops
  const cluster = await startBenchCluster(partitions)
  const committed = new Commits()
  await keepAtMost(cluster, PARTITION_BYTES_MAX)
  const stages: Child<StagesLine>[] = []
  try {
    const seconds = Math.ceil(((warm_hops + hops + 1) * hop_ms + bound_ms + SPARE_MS) / 1_000)
    note(`${warm_hops + hops} hops of ${hop_ms / 1_000} s of live traffic`)
    for (let index = 0; index < processes; index++) {
      stages.push(startChild('stages-process.js', argumentsOf({ ...cluster.addresses, partitions, hop_ms })))
    }
    const cpu_s = Promise.all(stages.map((stage) => readStages(stage, committed)))
    const failed = cpu_s.then(() => {
      throw new Error('the stages stopped before the last hop')
    })
    failed.catch(() => undefined)
    const { accounts, requests_per_s: rate } = options
    const quiet_s = ((warm_hops + 1) * hop_ms) / 1_000
    const load = startChild<LoadLine>(
      'load-process.js',
      argumentsOf({ ...cluster.addresses, accounts, rate, partitions, seconds, quiet_s }),
    )
    const begun = await Promise.race([load.line(), failed])
    if (!begun || !('begun_ms' in begun)) throw new Error('the load did not begin')
    const first = hopOf(begun.begun_ms, hop_ms) + 1 + warm_hops
    const ended = await Promise.race([load.line(), failed])
    if (!ended || !('lag_ms' in ended)) throw new Error('the load did not end')
    await Promise.race([committed.reaches(first + hops - 1), failed])
    for (const stage of stages) stage.terminate()
    const used_s = (await cpu_s).reduce((sum, each) => sum + each, 0)
    const delays_ms = Array.from({ length: hops }, (_, index) => {
      const hop = first + index
      return committed.at(hop) - hopEnd_ms(hop, hop_ms) - bound_ms
    })
    return { delays_ms, load_lag_ms: ended.lag_ms, cores: used_s / seconds }
  } finally {
    for (const stage of stages) stage.terminate()
    await cluster.stop()
  }
}

/** The q-quantile, 0..1, by nearest rank. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}

/** When the alerts of each hop were committed, epoch ms. */
class Commits {
  private readonly byHop = new Map<number, number>()
  private wake = () => {}

  add(hop: number, committed_ms: number): void {
    this.byHop.set(hop, committed_ms)
    this.wake()
  }

  at(hop: number): number {
    return this.byHop.get(hop) ?? Number.NaN
  }

  reaches(hop: number): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        if (this.byHop.has(hop)) resolve()
      }
      this.wake()
    })
  }
}

/** Notes what a process of the stages says, until it has ended; its processor time, s. */
async function readStages(stages: Child<StagesLine>, committed: Commits): Promise<number> {
  let cpu_s: number | null = null
  for (let line = await stages.line(); line !== null; line = await stages.line()) {
    if ('cpu_s' in line) cpu_s = line.cpu_s
    else committed.add(line.hop, line.committed_ms)
  }
  if (cpu_s === null) throw new Error('a process of the stages ended without a word')
  return cpu_s
}

function argumentsOf(values: object): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`)
}
