import { setTimeout as after } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { FingerprintsProcessor } from '../../../consumers/fingerprints/processor.ts'
import { fingerprintsSettings } from '../../../consumers/fingerprints/settings.ts'
import { sketchKeys, stagesOf } from '../../../lib/cli/pipeline.ts'
import { type Config, settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { sendRecords } from '../../../lib/kafka/publisher.ts'
import { startStage } from '../../../lib/kafka/stage-runtime.ts'
import { TaskRecords } from '../../../lib/kafka/task-records.ts'
import { loadConfig } from '../../../lib/ops/config.ts'
import { writerCount } from '../../../lib/stream/topology.ts'
import { type BenchCluster, startBenchCluster } from '../bench-cluster.ts'
import { note } from '../note.ts'
import { mixedHops, readModels } from './account-mix.ts'

const HOPS = 48
const DAY_HOPS = 1_380
const POLL_MS = 20

/** A line of JSON. */
export interface Restored {
  readonly accounts: number
  /** Of the changelog, as it was read: what compaction left, and the tail that it had not come to. */
  readonly records: number
  /** Of the changelog, as it was written, every version of every entry. */
  readonly written_records: number
  readonly written_bytes: number
  /** From the moment the task began to restore until it could process. */
  readonly restore_ms: number
}

interface Counts {
  readonly accounts: number
  readonly state_bytes: number
}

/** Writes the changelog of a day of traffic of many accounts, as the stage does, and has the stage restore it. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { accounts: { type: 'string' }, requests: { type: 'string' } } })
  const accounts = Number(values.accounts)
  const config: Config = loadConfig(settingsSchema, {
    env: {},
    flags: { fingerprints: { accounts_max: 2 * accounts } },
  })
  const cluster = await startBenchCluster(1)
  try {
    note(`writing the changelog of ${accounts} accounts`)
    const { wanted, ...written } = await writeChangelog(cluster, config, accounts, Number(values.requests))
    note('restoring it')
    const { records, restore_ms } = await restore(cluster, config, wanted)
    const line: Restored = { accounts, records, ...written, restore_ms }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  } finally {
    await cluster.stop()
  }
}

async function writeChangelog(
  { kafka, codec, prefix }: BenchCluster,
  config: Config,
  accounts: number,
  requests: number,
) {
  const { length_ms: hop_ms } = config.hops
  await codec.prepareTopics(['fingerprints.state'])
  const producer = kafka.idempotentProducer()
  await producer.connect()
  const settings = fingerprintsSettings.parse(config.fingerprints)
  const processor = new FingerprintsProcessor({ task: 0, partitions: 1, hop_ms }, settings)
  const models = await readModels(sketchKeys(config))
  let written_records = 0
  let written_bytes = 0
  const mix = { accounts, alive: accounts, requestsPerAccount: requests, hops: HOPS, over_hops: DAY_HOPS, hop_ms }
  for (const hop of mixedHops(models, mix)) {
    processor.process(hop)
    const records = new TaskRecords(codec, prefix, 1)
    for (const change of processor.drainChanges()) records.addChange('fingerprints.state', 0, change)
    records.addPosition('fingerprints.state', 0, { hop: hop.hop, hop_ms: config.hops.length_ms, inputs: [] })
    await sendRecords(producer, records.all)
    written_records += records.all.length
    written_bytes += records.size_bytes
  }
  await producer.disconnect()
  const counters = processor.counters()
  const wanted: Counts = { accounts: counters.accounts ?? 0, state_bytes: counters.state_bytes ?? 0 }
  return { written_records, written_bytes, wanted }
}

async function restore({ kafka, codec, prefix }: BenchCluster, config: Config, wanted: Counts) {
  const stages = stagesOf(config)
  const runtime = await startStage({
    stage: stages.find(({ name }) => name === 'fingerprints')!,
    kafka,
    codec,
    settings: { prefix, partitions: 1, hops: { ...config.hops, silence_ms: 0 } },
    writers: (topic) => writerCount(stages, topic, 1),
    log: () => undefined,
    now: Date.now,
  })
  try {
    let isOver = false
    const over = runtime.closed.finally(() => {
      isOver = true
    })
    over.catch(() => undefined)
    while (!isOver && !runtime.counters().tasks.some(({ restores }) => restores > 0)) await after(POLL_MS)
    if (isOver) {
      await over
      throw new Error('the stage stopped before it had restored')
    }
    const { tasks, processor: found } = runtime.counters()
    for (const name of ['accounts', 'state_bytes'] as const) {
      if (found[name] !== wanted[name]) throw new Error(`restored ${name} ${found[name]}, not ${wanted[name]}`)
    }
    const { restored_records: records, restore_ms } = tasks[0]!
    return { records, restore_ms }
  } finally {
    await runtime.stop()
  }
}

await main()
