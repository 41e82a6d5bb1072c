import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { stagesOf } from '../../../lib/cli/pipeline.ts'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { startStage } from '../../../lib/kafka/stage-runtime.ts'
import { loadConfig } from '../../../lib/ops/config.ts'
import { writerCount } from '../../../lib/stream/topology.ts'
import { connectBench } from '../bench-cluster.ts'
import { sayLine } from './child.ts'

/** Lines of JSON: what the campaigns stage has committed, and the processor time at the end. */
export type StagesLine = { readonly hop: number; readonly committed_ms: number } | { readonly cpu_s: number }

/** Runs every stage until SIGTERM. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      broker: { type: 'string' },
      registry: { type: 'string' },
      partitions: { type: 'string' },
      hop_ms: { type: 'string' },
    },
  })
  const { broker = '', registry = '' } = values
  const flags = { hops: { length_ms: Number(values.hop_ms) }, topics: { partitions: Number(values.partitions) } }
  const config = loadConfig(settingsSchema, { env: {}, flags })
  const { partitions } = config.topics
  const { kafka, codec, prefix } = connectBench({ broker, registry })
  const stages = stagesOf(config)
  const terminated = once(process, 'SIGTERM')
  // Downstream first, so that nothing waits for a reader.
  const runtimes = await Promise.all(
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
          if (stage.name === 'campaigns') sayLine<StagesLine>({ hop, committed_ms })
        },
      }),
    ),
  )
  const stopped = Promise.race(runtimes.map(({ closed }) => closed)).then(() => {
    throw new Error('a stage stopped before it was told to')
  })
  const begun = process.cpuUsage()
  await Promise.race([terminated, stopped])
  stopped.catch(() => undefined)
  const { user, system } = process.cpuUsage(begun)
  sayLine<StagesLine>({ cpu_s: (user + system) / 1e6 })
  await Promise.all(runtimes.map((runtime) => runtime.stop()))
}

await main()
