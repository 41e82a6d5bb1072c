import { Option } from 'commander'
import { createIntakeCounters, type IntakeCounters, type IntakeItem } from '../../../producers/intake/intake.ts'
import { sampleTraffic } from '../../../producers/sample/traffic.ts'
import type { TopicEnds } from '../../kafka/partition-ends.ts'
import { openPublisher } from '../../kafka/publisher.ts'
import { fetchTopicEnds } from '../../kafka/topic-ends.ts'
import { checkTopics } from '../../kafka/topics.ts'
import { UsageError } from '../../ops/errors.ts'
import { openCluster } from '../cluster.ts'
import { type CliCommand, type CliContext, CommandFailed, jsonOption } from '../command.ts'
import { sampleIntake } from '../demo/sample-intake.ts'
import { closingWatermark_ms, feed, PRODUCED_TOPICS } from '../feed.ts'
import { formatOption } from '../format-option.ts'
import { openInput } from '../input.ts'
import { seedOption } from '../number-options.ts'
import { sketchKeys } from '../pipeline.ts'
import { requireBrokers } from '../require-brokers.ts'
import type { Config } from '../settings-schema.ts'

interface ProduceOptions {
  readonly format?: string
  readonly sample?: boolean
  readonly seed: number
  readonly live?: boolean
  readonly endOfInput?: boolean
}

/** `hydrawatch produce`: logs into Kafka, sketched on the way; their text goes no further. */
export const produce: CliCommand<ProduceOptions> = {
  configure(command) {
    command
      .argument('[file...]', "files in order of arrival, gzipped or not; '-' for standard input")
      .addOption(formatOption())
      .addOption(
        new Option(
          '--sample',
          "instead of files, the demo's sample traffic with its end; only where no request has been written yet",
        ).conflicts(['format', 'live']),
      )
      .addOption(seedOption())
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
    if ((options.sample === true) === files.length > 0) throw new UsageError(options.sample ? ONLY_SAMPLE : NO_INPUT)
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
        if (options.sample) refuseTraffic(`${prefix}requests`, await fetchTopicEnds(admin, `${prefix}requests`))
      })
      const acceptFutureAfter_ms = options.live ? undefined : Date.now
      const publisher = await openPublisher({
        ...{ kafka, codec, prefix, partitions, topics: PRODUCED_TOPICS },
        acceptFutureAfter_ms,
      })
      try {
        const counters = createIntakeCounters()
        const items = openItems(context, config, files, options, counters)
        const counts = await feed(items, publisher, ({ records, rejects }) => {
          context.signal.throwIfAborted()
          context.out.progress(() => `${records} records written, ${rejects} refused`)
        })
        if ((options.endOfInput || options.sample) && counts.end_time_ms !== null) {
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

const NO_INPUT = "nothing to produce: give files, '-' for standard input, or --sample."
const ONLY_SAMPLE = '--sample takes no files: what it writes is made here.'

function openItems(
  context: CliContext,
  config: Config,
  files: readonly string[],
  { sample, seed, format, live }: ProduceOptions,
  counters: IntakeCounters,
): AsyncGenerator<IntakeItem[]> {
  if (sample) return sampleIntake(sampleTraffic({ seed }).events, sketchKeys(config), () => undefined)
  return openInput(context, config, files, { format, clock: live ? Date.now : undefined, counters })
}

/** Invented accounts must not get among real ones, and the same sample twice would be thousands of late records. */
function refuseTraffic(topic: string, ends: TopicEnds): void {
  if ([...ends.values()].every(({ high }) => high === 0)) return
  throw new CommandFailed(
    `${topic} holds or held traffic, and --sample writes only where there was none: use another topics.prefix, or a new cluster.`,
  )
}
