import { Option } from 'commander'
import { readRecord } from '../../../producers/intake/contract.ts'
import { parseRfc3339 } from '../../../producers/intake/rfc3339.ts'
import { openPublisher } from '../../kafka/publisher.ts'
import { readTopic } from '../../kafka/reader.ts'
import { checkTopics } from '../../kafka/topics.ts'
import { UsageError } from '../../ops/errors.ts'
import { hopEnd_ms, hopOf } from '../../stream/hop.ts'
import { findAccountRecords } from '../account-records.ts'
import { type Cluster, openCluster } from '../cluster.ts'
import { type CliCommand, type CliContext, jsonOption } from '../command.ts'
import { erasureOf, remainders } from '../erasure.ts'
import { requireBrokers } from '../require-brokers.ts'
import type { Config } from '../settings-schema.ts'

interface EraseOptions {
  readonly at?: string
}

/** `hydrawatch erase`: makes every stage forget accounts, from one hop on, and says where they are named until retention. */
export const erase: CliCommand<EraseOptions> = {
  configure(command) {
    command
      .argument('<account...>', 'ids of accounts, as requests carry them')
      .addOption(new Option('--at <time>', 'moment of the erasure, RFC 3339; default: now'))
      .addOption(jsonOption())
  },

  async run(context, { at }, args) {
    const accounts = [...new Set(args)]
    const asked_ms = at === undefined ? null : parseRfc3339(at)
    if (at !== undefined && asked_ms === null) throw new UsageError(`--at ${at} is no RFC 3339 time.`)
    for (const account_id of accounts) refuseBadId(account_id)
    const config = context.config()
    requireBrokers(config)
    const cluster = await openCluster(context, config)
    try {
      await eraseAccounts(context, config, cluster, { accounts, asked_ms })
    } finally {
      await cluster.close()
    }
  },
}

async function eraseAccounts(
  { out, signal }: CliContext,
  config: Config,
  { kafka, codec }: Cluster,
  { accounts, asked_ms }: { readonly accounts: readonly string[]; readonly asked_ms: number | null },
): Promise<void> {
  const { prefix, partitions } = config.topics
  const { length_ms } = config.hops
  const source = { kafka, codec, prefix }
  const admin = kafka.admin()
  await kafka.reach('looking for topics', async () => {
    await admin.connect()
    await checkTopics(admin, { prefix, partitions }, ['outcomes', 'accounts', 'hops']).finally(() => admin.disconnect())
  })

  const known = await findAccountRecords(new Set(accounts), { ...source, partitions }, { out, signal })
  // Looking takes its time. The moment is chosen behind it: written later than it says, an erasure could come late.
  const cuts = await readTopic({ ...source, topic: 'hops' })
  const cut_ms = cuts.reduce((latest, { value }) => Math.max(latest, value ? hopEnd_ms(value.hop, length_ms) : 0), 0)
  if (asked_ms !== null && asked_ms < cut_ms) {
    throw new UsageError(
      `the flow has passed ${timeOf(asked_ms)}: stages would forget in different hops. Give --at ${timeOf(cut_ms)} or later.`,
    )
  }
  const event_time_ms = asked_ms ?? Math.max(Date.now(), cut_ms)

  const publisher = await openPublisher({ ...source, partitions, topics: ['outcomes', 'accounts'] })
  try {
    await publisher.publish(
      accounts.flatMap((account_id) => {
        const nothing = { event_id: null, alert_id: null, reason_code: null }
        return erasureOf({ ...nothing, event_time_ms, account_id, outcome: 'erased' })
      }),
    )
  } finally {
    await publisher.close()
  }

  const effect = timeOf(hopEnd_ms(hopOf(event_time_ms, length_ms) + 1, length_ms))
  out.rows(
    [
      { title: 'account', value: ({ account_id }) => account_id },
      { title: 'account record', value: ({ record }) => record },
      { title: 'forgotten with the hop that ends', value: (row) => row.forgotten },
    ],
    accounts.map((account_id) => ({
      account_id,
      record: known.has(account_id) ? 'deleted' : 'none known; what its requests left goes all the same',
      forgotten: effect,
    })),
  )
  out.text('\nNamed in these until their records are too old:\n')
  out.rows(
    [
      { title: 'topic', value: ({ topic }) => topic },
      { title: 'days', value: ({ kept_days }) => kept_days },
    ],
    remainders(prefix),
  )
  if (cut_ms > 0 && event_time_ms - cut_ms > NOTEWORTHY_MS) {
    out.note(`the flow stands at ${timeOf(cut_ms)}; it forgets when it gets to ${effect}, or give --at`)
  }
}

const NOTEWORTHY_MS = 3_600_000

/** @throws UsageError for what could not be the id of an account: it would be in no record. */
function refuseBadId(account_id: string): void {
  const checked = readRecord({ type: 'outcome', event_time: timeOf(0), account_id, outcome: 'erased' })
  if ('reason' in checked) throw new UsageError(`an account can not have such an id: ${checked.detail}`)
}

function timeOf(time_ms: number): string {
  return new Date(time_ms).toISOString()
}
