import { keyPartition } from '../kafka/key-partition.ts'
import { scanTopic } from '../kafka/reader.ts'
import { fetchTopicEnds } from '../kafka/topic-ends.ts'
import type { Cluster } from './cluster.ts'
import type { CliContext } from './command.ts'

interface Source extends Pick<Cluster, 'kafka' | 'codec'> {
  readonly prefix: string
  readonly partitions: number
}

/** Which of these accounts have a record in `accounts`. Reads the partitions where it would be. Rejects with BrokerUnavailable. */
export async function findAccountRecords(
  accounts: ReadonlySet<string>,
  { kafka, codec, prefix, partitions }: Source,
  { out, signal }: Pick<CliContext, 'out' | 'signal'>,
): Promise<Set<string>> {
  const own = new Set([...accounts].map((account_id) => keyPartition(account_id, partitions)))
  const admin = kafka.admin()
  const ends = await kafka.reach('looking for account records', async () => {
    await admin.connect()
    return await fetchTopicEnds(admin, `${prefix}accounts`).finally(() => admin.disconnect())
  })
  const from = (partition: number) => (own.has(partition) ? 0 : (ends.get(partition)?.high ?? 0))
  const known = new Set<string>()
  let read = 0
  for await (const piece of scanTopic({ kafka, codec, prefix, topic: 'accounts', from })) {
    signal.throwIfAborted()
    for (const { key, value, rejection } of piece) {
      if (key === null || !accounts.has(key)) continue
      if (value === null && rejection === null) known.delete(key)
      else known.add(key)
    }
    read += piece.length
    out.progress(() => `${read} account records looked at`)
  }
  out.endProgress()
  return known
}
