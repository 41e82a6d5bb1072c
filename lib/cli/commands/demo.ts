import { randomUUID } from 'node:crypto'
import { Option } from 'commander'
import { EMBEDDED_NOTICE } from '../../embedded/notice.ts'
import { deleteTopics } from '../../kafka/topics.ts'
import { type Cluster, openCluster } from '../cluster.ts'
import { type CliCommand, type CliContext, CommandFailed, jsonOption } from '../command.ts'
import { alertSummary, reportResult, reportStages } from '../demo/report.ts'
import { openDemo } from '../demo/session.ts'
import { unreadRecords } from '../demo/unread.ts'
import { seedOption } from '../number-options.ts'
import type { Config } from '../settings-schema.ts'

interface DemoOptions {
  readonly seed: number
  readonly save?: string
}

// The end of the input is marked, so nothing needs to be closed by silence, and a slow machine can't change the result.
const NO_SILENCE_MS = 86_400_000

/** `hydrawatch demo`: the whole pipeline over sample traffic; ends by itself and says what it caught and missed. */
export const demo: CliCommand<DemoOptions> = {
  configure(command) {
    command.addOption(seedOption()).addOption(saveOption()).addOption(jsonOption())
  },

  async run(context, { seed, save }) {
    const isOwn = context.config().kafka.brokers.length === 0
    // On somebody's Kafka the demo keeps to topics of its own, and takes them away again.
    const prefix = isOwn ? '' : `hydrawatch-demo-${randomUUID().slice(0, 8)}.`
    const { partitions, replication_factor } = context.config().topics
    const config = context.config({
      hops: { silence_ms: NO_SILENCE_MS },
      topics: { prefix, partitions, replication_factor },
      // Subjects outlive the topics: in a registry of somebody else each run would leave eighteen of them.
      kafka: { registry_url: '' },
    })
    // At the default level joins and restores would stand between the alerts.
    if (config.log.level === 'info') context.log.level = 'warn'
    const cluster = await openCluster(context, config, { embedRegistry: true })
    try {
      context.out.note(
        cluster.kind === 'embedded'
          ? `broker on ${cluster.brokers.join(', ')} (${EMBEDDED_NOTICE})`
          : `Kafka on ${cluster.brokers.join(', ')}`,
      )
      await cluster.prepare()
      try {
        await runSample(context, config, cluster, seed, save ?? null)
      } finally {
        if (!isOwn)
          await deleteTopics(cluster.kafka, prefix).catch(() => context.out.note(`topics ${prefix}* are left behind`))
      }
    } finally {
      await cluster.close()
    }
  },
}

async function runSample(
  context: CliContext,
  config: Config,
  cluster: Cluster,
  seed: number,
  saveFolder: string | null,
): Promise<void> {
  const session = await openDemo(context, config, cluster, (alert) => context.out.text(alertSummary(alert)))
  try {
    const result = await session.feedSample(seed, saveFolder)
    context.out.endProgress()
    const lag_records = await unreadRecords(cluster.kafka, session.stages.runtimes, config.topics.prefix)
    reportStages(context.out, session.stages.runtimes)
    reportResult(context.out, result)
    context.out.record({ lag_records }, `lag: ${lag_records} records`)
    if (lag_records > 0) {
      throw new CommandFailed(
        `the pipeline is done and ${lag_records} records are still unread; see \`hydrawatch lag\``,
      )
    }
  } finally {
    await session.stop()
  }
}

function saveOption(): Option {
  return new Option('--save <folder>', 'keep events.ndjson, labels.ndjson and alerts.ndjson there')
}
