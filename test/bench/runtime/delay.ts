import { stagesOf } from '../../../lib/cli/pipeline.ts'
import { type Config, settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { type StageRuntime, startStage } from '../../../lib/kafka/stage-runtime.ts'
import { loadConfig } from '../../../lib/ops/config.ts'
import { hopEnd_ms, hopOf } from '../../../lib/stream/hop.ts'
import { writerCount } from '../../../lib/stream/topology.ts'
import { type BenchCluster, startBenchCluster } from '../bench-cluster.ts'
import { note } from '../note.ts'
import { startChild } from './child.ts'
import type { LoadLine } from './load-process.ts'

export interface DelayOptions {
  readonly accounts: number
  readonly requests_per_s: number
  readonly partitions: number
  readonly hop_ms: number
  /** Whole hops that count; one more before them, in which every account is new, does not. */
  readonly hops: number
}

export interface Delay {
  /** By hop: from the moment at which the clock had passed its end and the bound, to the commit of its alerts. */
  readonly delays_ms: readonly number[]
  /** How far the load was behind itself at the worst. */
  readonly load_lag_ms: number
  /** Processor time of the process of the stages, as a share of one core. */
  readonly cores: number
}

// The load goes on a little after the last hop, whose cut it must bring.
const SPARE_MS = 5_000

/** Runs every stage in this process on live traffic, which another process writes. */
export async function measureDelay(options: DelayOptions): Promise<Delay> {
  const { partitions, hop_ms, hops } = options
  const config = loadConfig(settingsSchema, { env: {}, flags: { hops: { length_ms: hop_ms }, topics: { partitions } } })
  const { bound_ms } = config.hops
  const cluster = await startBenchCluster(partitions)
  const committed = new Map<number, number>()
  let wake = () => {}
  const runtimes: StageRuntime[] = []
  try {
    const seconds = Math.ceil(((hops + 2) * hop_ms + bound_ms + SPARE_MS) / 1_000)
    note(`${hops + 1} hops of ${hop_ms / 1_000} s of live traffic`)
    for (const runtime of await startAll(cluster, config, (hop, at_ms) => {
      committed.set(hop, at_ms)
      wake()
    })) {
      runtimes.push(runtime)
    }
    const failed = Promise.race(runtimes.map(({ closed }) => closed)).then(() => {
      throw new Error('a stage stopped before the last hop')
    })
    failed.catch(() => undefined)
    const load = startChild<LoadLine>('load-process.js', loadArguments(cluster, options, seconds))
    const begun = await Promise.race([load.line(), failed])
    if (!begun || !('begun_ms' in begun)) throw new Error('the load did not begin')
    const cpu = process.cpuUsage()
    const first = hopOf(begun.begun_ms, hop_ms) + 2
    const last = first + hops - 1
    const reached = new Promise<void>((resolve) => {
      wake = () => {
        if (committed.has(last)) resolve()
      }
    })
    const ended = await Promise.race([load.line(), failed])
    const { user, system } = process.cpuUsage(cpu)
    if (!ended || !('lag_ms' in ended)) throw new Error('the load did not end')
    wake()
    await Promise.race([reached, failed])
    const delays_ms = Array.from({ length: hops }, (_, index) => {
      const hop = first + index
      return (committed.get(hop) ?? Number.NaN) - hopEnd_ms(hop, hop_ms) - bound_ms
    })
    return { delays_ms, load_lag_ms: ended.lag_ms, cores: (user + system) / 1e6 / seconds }
  } finally {
    await Promise.all(runtimes.map((runtime) => runtime.stop()))
    await cluster.stop()
  }
}

/** The q-quantile, 0..1, by nearest rank. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}

async function startAll(
  { kafka, codec, prefix }: BenchCluster,
  config: Config,
  onAlerts: (hop: number, at_ms: number) => void,
): Promise<StageRuntime[]> {
  const stages = stagesOf(config)
  const { partitions } = config.topics
  // Downstream first, so that nothing waits for a reader.
  return Promise.all(
    stages.toReversed().map((stage) =>
      startStage({
        stage,
        kafka,
        codec,
        settings: { prefix, partitions, hops: config.hops },
        writers: (topic) => writerCount(stages, topic, partitions),
        log: () => undefined,
        now: Date.now,
        onHop: ({ hop, committed_ms }) => {
          if (stage.name === 'campaigns') onAlerts(hop, committed_ms)
        },
      }),
    ),
  )
}

function loadArguments({ addresses }: BenchCluster, options: DelayOptions, seconds: number): string[] {
  const { accounts, requests_per_s: rate, partitions } = options
  return Object.entries({ ...addresses, accounts, rate, partitions, seconds }).map(
    ([name, value]) => `--${name}=${value}`,
  )
}
