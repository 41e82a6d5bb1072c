import { closingWatermark_ms, feed, PRODUCED_TOPICS } from '../../lib/cli/feed.ts'
import { sketchKeys } from '../../lib/cli/pipeline.ts'
import type { Config } from '../../lib/cli/settings-schema.ts'
import { openPublisher } from '../../lib/kafka/publisher.ts'
import { hopOf } from '../../lib/stream/hop.ts'
import { intake } from '../../producers/intake/intake.ts'
import { type BenchCluster, startBenchCluster } from './bench-cluster.ts'
import { consumeRequests, runFingerprints } from './consume.ts'
import { loadEvents, ndjson, type Sample } from './load.ts'
import { note } from './note.ts'
import { type Row, type Written, whole, writtenRows } from './report.ts'

export const DECODE = '2 kafkajs and avsc decode'
export const STAGE = '3 fingerprints stage'

export interface StageLoad {
  readonly accounts: number
  readonly requests: number
  /** Of event time, over all accounts. */
  readonly requests_per_s: number
  readonly partitions: number
}

export interface StagePart {
  /** kafkajs alone, kafkajs and decode, the fingerprints stage; the sum of all rounds. */
  readonly rows: readonly Row[]
  readonly rounds: readonly (readonly Row[])[]
  readonly written: readonly Written[]
  readonly input: { readonly requests: number; readonly bytes: number }
  readonly transactions: number
  readonly hops: number
  /** Rows 1 to 3 as the process ran them the first time, much of it while its code was still being compiled. */
  readonly cold: readonly Row[]
}

// A row takes seconds, and what the machine gives changes within them: rows that are to be compared take turns.
const ROUNDS = 3

type Round = Omit<StagePart, 'cold' | 'rounds'>

/**
 * Rows 1 to 3, and what stage 1 wrote. All is done in several rounds in one process, each with a broker of its own. The first does
 * not count: a stage runs for weeks, and compiling its code takes longer than a short load lasts.
 */
export async function measureStage(config: Config, sample: Sample, load: StageLoad): Promise<StagePart> {
  const { rows: cold } = await measureOnce(config, sample, load)
  const rounds: Round[] = []
  while (rounds.length < ROUNDS) rounds.push(await measureOnce(config, sample, load))
  const last = rounds.at(-1)!
  const sum = (index: number, of: 'events' | 'wall_ms' | 'cpu_ms') =>
    rounds.reduce((total, { rows }) => total + rows[index]![of], 0)
  const rows = last.rows.map(({ name }, index) => ({
    name,
    events: sum(index, 'events'),
    wall_ms: sum(index, 'wall_ms'),
    cpu_ms: sum(index, 'cpu_ms'),
  }))
  return { ...last, rows, rounds: rounds.map((round) => round.rows), cold }
}

/** The load is on the broker before the first clock starts. */
async function measureOnce(config: Config, sample: Sample, load: StageLoad): Promise<Round> {
  const { accounts, requests, requests_per_s, partitions } = load
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
    return {
      rows: [
        { name: '1 kafkajs alone', ...bare },
        { name: DECODE, ...decoded },
        { name: STAGE, ...fingerprints },
      ],
      written: writtenRows(counters.tasks, 'fingerprints.state'),
      input: { requests, bytes },
      transactions: sum((task) => task.transactions),
      hops: sum((task) => task.hops),
    }
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
