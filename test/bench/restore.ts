import { FingerprintsProcessor } from '../../consumers/fingerprints/processor.ts'
import { fingerprintsSettings } from '../../consumers/fingerprints/settings.ts'
import { sketchKeys, stagesOf } from '../../lib/cli/pipeline.ts'
import type { Config } from '../../lib/cli/settings-schema.ts'
import { sendRecords } from '../../lib/kafka/publisher.ts'
import { startStage } from '../../lib/kafka/stage-runtime.ts'
import { TaskRecords } from '../../lib/kafka/task-records.ts'
import { writerCount } from '../../lib/stream/topology.ts'
import { mixedHops, readModels } from './account-mix.ts'
import { startBenchCluster } from './bench-cluster.ts'

const HOPS = 48
const STATUS_MS = 50

export interface Restored {
  readonly accounts: number
  readonly records: number
  readonly bytes: number
  readonly ms: number
}

/**
 * Writes the changelog of a day of traffic of so many accounts, every version of every entry, and has the stage restore it:
 * from the moment the task asks for its changelog until it runs.
 */
export async function measureRestore(config: Config, accounts: number, requestsPerAccount: number): Promise<Restored> {
  const settings = fingerprintsSettings.parse({ accounts_max: 2 * accounts })
  const { length_ms: hop_ms } = config.hops
  const cluster = await startBenchCluster(1)
  const { kafka, codec, prefix } = cluster
  try {
    await codec.prepareTopics(['fingerprints.state'])
    const producer = kafka.idempotentProducer()
    await producer.connect()
    const processor = new FingerprintsProcessor({ task: 0, partitions: 1, hop_ms }, settings)
    const models = await readModels(sketchKeys(config))
    let written = { records: 0, bytes: 0 }
    const options = { accounts, requestsPerAccount, hops: HOPS, over_hops: 23 * 60, hop_ms }
    for (const hop of mixedHops(models, options)) {
      processor.process(hop)
      const records = new TaskRecords(codec, prefix)
      for (const change of processor.drainChanges()) records.addChange('fingerprints.state', 0, change)
      records.addPosition('fingerprints.state', 0, { hop: hop.hop, inputs: [] })
      await sendRecords(producer, records.all)
      written = { records: written.records + records.all.length, bytes: written.bytes + records.size_bytes }
    }
    await producer.disconnect()
    const wanted = processor.counters()

    const stages = stagesOf({ ...config, fingerprints: settings })
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
      const isRestored = () => runtime.counters().tasks.some(({ restores }) => restores > 0)
      const failed = runtime.closed.then(() => true)
      while (!isRestored()) {
        const ended = await Promise.race([
          failed,
          new Promise<false>((resolve) => setTimeout(resolve, STATUS_MS, false)),
        ])
        if (ended) throw new Error('the stage stopped before it had restored')
      }
      const { tasks, processor: found } = runtime.counters()
      for (const name of ['accounts', 'state_bytes']) {
        if (found[name] !== wanted[name]) throw new Error(`restored ${name} ${found[name]}, not ${wanted[name]}`)
      }
      return { accounts, ...written, ms: tasks[0]!.restore_ms }
    } finally {
      await runtime.stop()
    }
  } finally {
    await cluster.stop()
  }
}
