import { Option } from 'commander'
import { createIntakeCounters } from '../../../producers/intake/intake.ts'
import { openPublisher } from '../../kafka/publisher.ts'
import { checkTopics } from '../../kafka/topics.ts'
import { openCluster } from '../cluster.ts'
import { type CliCommand, jsonOption } from '../command.ts'
import { closingWatermark_ms, feed, PRODUCED_TOPICS } from '../feed.ts'
import { formatOption } from '../format-option.ts'
import { openInput } from '../input.ts'
import { requireBrokers } from '../require-brokers.ts'

interface ProduceOptions {
  readonly format?: string
  readonly live?: boolean
  readonly endOfInput?: boolean
}

/** `hydrawatch produce`: logs into Kafka, sketched on the way; their text goes no further. */
export const produce: CliCommand<ProduceOptions> = {
  configure(command) {
    command
      .argument('<file...>', "files in order of arrival, gzipped or not; '-' for standard input")
      .addOption(formatOption())
      .addOption(new Option('--live', 'records are of now: refuse what is ahead of the clock instead of holding it'))
      .addOption(
        new Option(
          '--end-of-input',
          'tell the pipeline that nothing older will follow, so that it closes the last hop',
        ).conflicts('live'),
      )
      .addOption(jsonOption())
  },

  async run(context, options, files) {
    const config = context.config()
    requireBrokers(config)
    const cluster = await openCluster(context, config)
    const { kafka, codec } = cluster
    const { prefix, partitions } = config.topics
    const admin = kafka.admin()
    try {
      await kafka.reach('looking for topics', async () => {
        await admin.connect()
        await checkTopics(admin, { prefix, partitions }, PRODUCED_TOPICS)
      })
      const publisher = await openPublisher({ kafka, codec, prefix, partitions, topics: PRODUCED_TOPICS })
      try {
        const counters = createIntakeCounters()
        const clock = options.live ? Date.now : undefined
        const items = openInput(context, config, files, { format: options.format, clock, counters })
        const counts = await feed(items, publisher, ({ records, rejects }) => {
          context.signal.throwIfAborted()
          context.out.progress(() => `${records} records written, ${rejects} refused`)
        })
        if (options.endOfInput && counts.end_time_ms !== null) {
          await publisher.closeInput(closingWatermark_ms(counts.end_time_ms, config.hops))
        }
        context.out.endProgress()
        const rows = [...publisher.counters()].map(([topic, { records, bytes }]) => ({ topic, records, bytes }))
        context.out.rows(
          [
            { title: 'topic', value: ({ topic }) => topic },
            { title: 'records', value: ({ records }) => records },
            { title: 'bytes', value: ({ bytes }) => bytes },
          ],
          rows,
        )
        if (counts.rejects > 0) {
          context.out.note(
            `${counts.rejects} input lines went to the dead letters: ${JSON.stringify(Object.fromEntries(counters.rejects))}`,
          )
        }
      } finally {
        await publisher.close()
      }
    } finally {
      await admin.disconnect()
      await cluster.close()
    }
  },
}
