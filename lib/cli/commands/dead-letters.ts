import { Argument, Option } from 'commander'
import { parseRfc3339 } from '../../../producers/intake/rfc3339.ts'
import { LETTERS_TOPIC } from '../../kafka/letter-reader.ts'
import { checkTopics } from '../../kafka/topics.ts'
import type { LetterFilter } from '../../letters/letter-filter.ts'
import { UsageError } from '../../ops/errors.ts'
import { openCluster } from '../cluster.ts'
import { type CliCommand, jsonOption } from '../command.ts'
import type { DeadLettersOptions } from '../dead-letters/action.ts'
import { listLetters } from '../dead-letters/list.ts'
import { replayDeadLetters } from '../dead-letters/replay.ts'
import { showLetter } from '../dead-letters/show.ts'
import { wholeNumber } from '../number-options.ts'
import { requireBrokers } from '../require-brokers.ts'

const ACTIONS = { list: listLetters, show: showLetter, replay: replayDeadLetters }
const TAKES: Record<keyof typeof ACTIONS, readonly string[]> = {
  list: ['reason', 'stage', 'source', 'since', 'limit'],
  show: ['raw'],
  replay: ['reason', 'stage', 'source', 'since', 'dryRun', 'again', 'acceptLate'],
}
const FLAGS: Readonly<Record<string, string>> = { dryRun: 'dry-run', acceptLate: 'accept-late' }

/** `hydrawatch dead-letters`: what could not be used and why, and a second chance for it. */
export const deadLetters: CliCommand<DeadLettersOptions> = {
  configure(command) {
    command
      .addArgument(
        new Argument('<action>', 'list: counts, and the newest; show: all about one; replay: write back').choices(
          Object.keys(ACTIONS),
        ),
      )
      .argument('[position...]', 'letters by partition/offset, as `list` prints them')
      .addOption(new Option('--reason <word>', 'list, replay: only this reason'))
      .addOption(new Option('--stage <name>', 'list, replay: only what this stage rejected'))
      .addOption(new Option('--source <topic>', 'list, replay: only from this topic or input file'))
      .addOption(new Option('--since <time>', 'list, replay: only what was written then or later, RFC 3339'))
      .addOption(new Option('--limit <number>', 'list: so many of the newest (default: 20)').argParser(wholeNumber))
      .addOption(new Option('--raw <file>', 'show: write the bytes of the record to a file'))
      .addOption(new Option('--dry-run', 'replay: only say what would be done'))
      .addOption(new Option('--again', 'replay: also what was written back before'))
      .addOption(new Option('--accept-late', 'replay: count late records in the hop that is open'))
      .addOption(jsonOption())
  },

  async run(context, options, [action, ...positions]) {
    const name = action as keyof typeof ACTIONS
    refuseForeignOptions(name, options)
    const request = { options, filter: filterOf(options), offsets: positions.map(offsetOf) }
    if (name === 'show' && positions.length !== 1) throw new UsageError('show takes the position of one letter.')
    if (name === 'list' && positions.length > 0) throw new UsageError('list takes no position; show does.')
    if (name === 'replay' && positions.length === 0 && Object.values(request.filter).every((x) => x === undefined)) {
      throw new UsageError(
        'replay what? Give positions, or one of --reason, --stage, --source, --since; --dry-run shows what they mean.',
      )
    }
    const config = context.config()
    requireBrokers(config)
    const cluster = await openCluster(context, config)
    const { kafka, codec } = cluster
    const { prefix, partitions } = config.topics
    try {
      const admin = kafka.admin()
      await kafka.reach('looking for topics', async () => {
        await admin.connect()
        await checkTopics(admin, { prefix, partitions }).finally(() => admin.disconnect())
      })
      await ACTIONS[name](context, { kafka, codec, prefix, partitions }, request)
    } finally {
      await cluster.close()
    }
  },
}

/** @throws UsageError for an option of another action: it would be ignored, and the user believe otherwise. */
function refuseForeignOptions(action: keyof typeof ACTIONS, options: object): void {
  const foreign = Object.keys(options).find((name) => name !== 'json' && !TAKES[action].includes(name))
  if (foreign !== undefined) throw new UsageError(`${action} has no --${FLAGS[foreign] ?? foreign}.`)
}

/** @throws UsageError */
function filterOf({ reason, stage, source, since }: DeadLettersOptions): LetterFilter {
  if (since === undefined) return { reason, stage, source }
  const since_ms = parseRfc3339(since)
  if (since_ms === null) throw new UsageError(`--since ${since} is no RFC 3339 time, such as 2026-03-01T08:00:00Z.`)
  return { reason, stage, source, since_ms }
}

/** @throws UsageError */
function offsetOf(position: string): number {
  const [, offset] = /^0\/(\d{1,15})$/.exec(position) ?? []
  if (offset !== undefined) return Number(offset)
  throw new UsageError(`${position} is no position of a letter; ${LETTERS_TOPIC} has one partition, so they read 0/17.`)
}
