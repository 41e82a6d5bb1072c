import { Argument } from 'commander'
import { TOPIC_NAMES, topicDefinition } from '../../../schemas/topics.ts'
import { partitionCount } from '../../stream/topology.ts'
import { openCluster } from '../cluster.ts'
import { type CliCommand, jsonOption } from '../command.ts'
import { requireBrokers } from '../require-brokers.ts'

/** `hydrawatch topics apply`: creates what is missing, refuses what does not match, registers the schemas. */
export const topics: CliCommand = {
  configure(command) {
    command
      .addArgument(new Argument('<action>', 'apply: create missing topics, register schemas').choices(['apply']))
      .addOption(jsonOption())
  },

  async run(context) {
    const config = context.config()
    requireBrokers(config)
    const cluster = await openCluster(context, config)
    try {
      const { created } = await cluster.prepare()
      const rows = TOPIC_NAMES.map((topic) => {
        const name = config.topics.prefix + topic
        const { cleanup, schema } = topicDefinition(topic)
        const partitions = partitionCount(topic, config.topics.partitions)
        return { topic: name, partitions, cleanup, schema, state: created.includes(name) ? 'created' : 'existing' }
      })
      context.out.rows(
        [
          { title: 'topic', value: ({ topic }) => topic },
          { title: 'partitions', value: ({ partitions }) => partitions },
          { title: 'cleanup', value: ({ cleanup }) => cleanup },
          { title: 'schema', value: ({ schema }) => schema },
          { title: 'state', value: ({ state }) => state },
        ],
        rows,
      )
    } finally {
      await cluster.close()
    }
  },
}
