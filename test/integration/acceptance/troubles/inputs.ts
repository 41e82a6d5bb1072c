import { frame } from '../../../../lib/avro/wire-format.ts'
import { keyPartition } from '../../../../lib/kafka/key-partition.ts'
import { type EncodedRecord, sendRecords } from '../../../../lib/kafka/publisher.ts'
import { TOPIC_NAMES } from '../../../../schemas/topics.ts'
import { type InputEvent, request } from '../../../helpers/traffic.ts'
import { waitFor } from '../../../helpers/wait-for.ts'
import type { Member } from '../../pipeline/member.ts'
import { PARTITIONS, type Turn } from '../turns.ts'

// What stands in topics that should not stand there, or comes otherwise than it should, met by the whole pipeline.

const DAY_MS = 24 * 3_600_000
const UNKNOWN_SCHEMA_ID = 4_711
/** In each partition of each topic that producers write and fingerprints read. */
export const POISON_IN_A_ROW = 300
export const POISONED_TOPICS = ['requests', 'accounts'] as const
export const AHEAD = 3

export async function poison(turn: Turn): Promise<void> {
  await writePoison(turn)
  await turn.start()
  await turn.produce(3)
  await turn.produce(5)
}

/** In front of everything that is not read yet: half of it is no record of ours, half has a schema that nobody has. */
export async function writePoison({ deployment: { cluster, prefix } }: Turn): Promise<void> {
  const records = POISONED_TOPICS.flatMap((topic) =>
    everyPartition((partition) =>
      Array.from({ length: POISON_IN_A_ROW }, (_, index): EncodedRecord => {
        const value = index % 2 === 0 ? Buffer.from('{"type": "request"}') : frame(UNKNOWN_SCHEMA_ID, Buffer.of(2, 4))
        return { topic: prefix + topic, partition, key: `poison-${index}`, value }
      }),
    ),
  )
  const producer = cluster.kafka.idempotentProducer()
  await producer.connect()
  try {
    await sendRecords(producer, records)
  } finally {
    await producer.disconnect()
  }
}

/** Tombstones of what nobody knows, aborted records, and the markers of both at the end of every changelog. */
export async function formerOwner(turn: Turn): Promise<void> {
  const { cluster, prefix } = turn.deployment
  const changelogs = TOPIC_NAMES.filter((topic) => topic.endsWith('.state'))
  const admin = cluster.kafka.admin()
  await admin.connect()
  const partitions = new Map<string, number>()
  for (const topic of changelogs) {
    partitions.set(prefix + topic, (await admin.fetchTopicOffsets(prefix + topic)).length)
  }
  await admin.disconnect()
  const producer = cluster.kafka.transactionalProducer(`${prefix}a-former-owner`, 10_000)
  await producer.connect()
  for (const ends of ['commit', 'abort', 'commit', 'abort'] as const) {
    const transaction = await producer.transaction()
    const value = ends === 'commit' ? null : Buffer.of(1)
    const records = [...partitions].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition, key: 'nobody', value })),
    )
    await sendRecords(transaction, records)
    await transaction[ends]()
  }
  await producer.disconnect()
  await turn.start()
  await turn.produce(3)
  await turn.produce(5)
}

/** What was sent is sent again, whole and line by line, before and after its hops are closed. */
export async function repeats(turn: Turn): Promise<void> {
  await turn.start()
  const first = turn.take(3)
  await turn.write([...first, ...first])
  await turn.caughtUp()
  await turn.write([...first, ...turn.take(5)].flatMap((event) => [event, event]))
}

/** One partition is far ahead, one has had nothing yet, and the others come one after the other. */
export async function unevenPartitions(turn: Turn): Promise<void> {
  const member = await turn.start()
  const events = await heldAtTheGate(turn, member)
  for (let partition = 1; partition < PARTITIONS; partition++) {
    await turn.write(ofPartition(events, partition), { closes: partition === PARTITIONS - 1 })
  }
}

/** A partition of its own has all of the turn, and its task waits for the others, which have none of it. */
export async function heldAtTheGate(turn: Turn, member: Member): Promise<InputEvent[]> {
  const events = turn.take(5)
  await turn.write(ofPartition(events, 0), { closes: false })
  await waitFor('the one ahead to wait for the others', () =>
    member
      .runtime('fingerprints')
      .status()
      .tasks.some(({ task, missing }) => missing.some(({ partition }) => partition !== task)),
  )
  return events
}

export async function clockAhead(turn: Turn): Promise<void> {
  await turn.start()
  await turn.produce(3)
  const ahead = Array.from({ length: AHEAD }, (_, index) =>
    request(
      { account_id: `ahead-${index}`, at: 0 },
      { event_time: new Date(Date.now() + DAY_MS + index).toISOString() },
    ),
  )
  await turn.write(ahead, { isLive: true, closes: false })
  await turn.produce(5)
}

export function ofPartition(events: readonly InputEvent[], partition: number): InputEvent[] {
  return events.filter(({ account_id }) => keyPartition(String(account_id), PARTITIONS) === partition)
}

function everyPartition<Item>(items: (partition: number) => Item[]): Item[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => items(partition)).flat()
}
