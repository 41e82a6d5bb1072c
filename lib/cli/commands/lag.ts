import { type PartitionLag, stageLag } from '../../kafka/lag.ts'
import { checkTopics } from '../../kafka/topics.ts'
import { openCluster } from '../cluster.ts'
import { type CliCommand, jsonOption } from '../command.ts'
import { stagesOf } from '../pipeline.ts'
import { requireBrokers } from '../require-brokers.ts'

/** `hydrawatch lag`: how far each consumer group is behind, per topic and partition. */
export const lag: CliCommand = {
  configure(command) {
    command.addOption(jsonOption())
  },

  async run(context) {
    const config = context.config()
    requireBrokers(config)
    const cluster = await openCluster(context, config)
    const { prefix, partitions } = config.topics
    const admin = cluster.kafka.admin()
    try {
      const rows = await cluster.kafka.reach('reading lag', async () => {
        await admin.connect()
        await checkTopics(admin, { prefix, partitions })
        const lags: PartitionLag[] = []
        for (const stage of stagesOf(config)) lags.push(...(await stageLag(admin, stage, { prefix, partitions })))
        return lags
      })
      context.out.rows(
        [
          { title: 'stage', value: ({ stage }) => stage },
          { title: 'topic', value: ({ topic }) => topic },
          { title: 'partition', value: ({ partition }) => partition },
          { title: 'committed', value: ({ committed }) => committed ?? 'never' },
          { title: 'end', value: ({ end }) => end },
          { title: 'lag', value: ({ lag: behind }) => behind },
        ],
        rows,
      )
    } finally {
      await admin.disconnect()
      await cluster.close()
    }
  },
}
