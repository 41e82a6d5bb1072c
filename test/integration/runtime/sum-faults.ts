import { isDeepStrictEqual } from 'node:util'
import { readTopic } from '../../../lib/kafka/reader.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import type { Request } from '../../../schemas/types.ts'
import { type LoggedRecord, readPartitionLog } from '../../helpers/partition-log.ts'
import type { Cluster } from './cluster.ts'
import type { Count, HopSum } from './toy.ts'

const HOPS_MAX = 3
const ACCOUNTS_MAX = 5

/** Where sums of the toy differ, in few lines, and what lies on the topics between: who repeated or lost what, and in which transaction. */
export async function sumFaults(
  cluster: Cluster,
  { sums, expected, requests }: { sums: readonly HopSum[]; expected: readonly HopSum[]; requests: readonly Request[] },
): Promise<string> {
  const differing = differingHops(sums, expected)
  return [
    ...differing.lines,
    await inputFaults(cluster, requests),
    ...(await hopTrails(cluster, differing.hops.slice(0, HOPS_MAX))),
  ].join('\n')
}

/** Hops whose own counts differ; totals after them do as a consequence. */
export function differingHops(
  sums: readonly HopSum[],
  expected: readonly HopSum[],
): { hops: number[]; lines: string[] } {
  const hops: number[] = []
  const lines: string[] = []
  let off = 0
  for (const hop of [...new Set([...expected, ...sums].map((sum) => sum.hop))].sort((a, b) => a - b)) {
    const found = sums.filter((sum) => sum.hop === hop)
    const meant = expected.find((sum) => sum.hop === hop)
    const more = without(
      found.flatMap(({ counts }) => counts),
      meant?.counts ?? [],
    )
    const fewer = without(
      meant?.counts ?? [],
      found.flatMap(({ counts }) => counts),
    )
    const offNow = (found.at(-1)?.total ?? 0) - (meant?.total ?? 0)
    const isPlain = found.length === 1 && meant !== undefined && more.length === 0 && fewer.length === 0
    if (isPlain && offNow === off) continue
    if (!isPlain) hops.push(hop)
    off = offNow
    lines.push(
      `hop ${hop}: said ${found.length} times, the total is off by ${off}, ${some(more)} more, ${some(fewer)} fewer than expected`,
    )
  }
  if (lines.length === 0) lines.push('every hop is as expected, and their order is not')
  return { hops, lines }
}

function without(counts: readonly Count[], known: readonly Count[]): Count[] {
  const rest = [...known]
  return counts.filter((count) => {
    const at = rest.findIndex((other) => isDeepStrictEqual(other, count))
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}

function some(counts: readonly Count[]): string {
  const first = counts.slice(0, ACCOUNTS_MAX).map(({ account, n, total }) => `${account} ${n} of ${total}`)
  return counts.length === 0
    ? 'none'
    : `${counts.length} (${first.join(', ')}${counts.length > first.length ? ', …' : ''})`
}

/** What lies on the topic and was not meant to, or the other way round. */
async function inputFaults(cluster: Cluster, requests: readonly Request[]): Promise<string> {
  const written = (await readTopic({ ...cluster, topic: 'requests' })).flatMap(({ value }) => value?.event_id ?? [])
  const once = new Set(written)
  const missing = requests.flatMap(({ event_id }) => (once.has(event_id) ? [] : [event_id]))
  const repeated = written.filter((event_id) => !once.delete(event_id))
  const part = (ids: readonly string[]) => `${ids.length}${ids.length > 0 ? ` (${ids.slice(0, 5).join(', ')})` : ''}`
  return `requests on the topic: ${written.length} of ${requests.length}, missing ${part(missing)}, repeated ${part(repeated)}`
}

/** What each task has written to `outcomes` about these hops, and which positions it has committed around them. */
async function hopTrails(cluster: Cluster, hops: readonly number[]): Promise<string[]> {
  const outcomes = await readLogs(cluster, 'outcomes')
  const changelogs = await readLogs(cluster, 'fingerprints.state')
  const visible = new Set((await readTopic({ ...cluster, topic: 'outcomes' })).map(placeOf))
  return hops.flatMap((hop) => {
    const of = outcomes.filter(({ headers }) => Number(headers.hop) === hop)
    const writers = [...new Set(of.map(({ headers }) => Number(headers.writer)))].sort((a, b) => a - b)
    return writers.flatMap((writer) => {
      const own = of.filter(({ headers }) => Number(headers.writer) === writer)
      const positions = changelogs.filter(({ partition, key }) => partition === writer && key === '__position')
      const near = positions.filter((record) => Math.abs((positionHop(cluster, record) ?? hop) - hop) <= 1)
      return [
        `hop ${hop} of task ${writer} on outcomes: ${runs(own, (record) => (visible.has(placeOf(record)) ? 'read' : 'not read'))}`,
        `positions of task ${writer}: ${runs(near, (record) => `hop ${positionHop(cluster, record)}`)}`,
      ]
    })
  })
}

type PlacedRecord = LoggedRecord & { readonly partition: number }

async function readLogs({ broker, kafka, codec, prefix }: Cluster, topic: TopicName): Promise<PlacedRecord[]> {
  const admin = kafka.admin()
  await admin.connect()
  const partitions = (await admin.fetchTopicOffsets(prefix + topic)).map(({ partition }) => partition)
  await admin.disconnect()
  const all: PlacedRecord[] = []
  for (const partition of partitions.sort((a, b) => a - b)) {
    const records = await readPartitionLog(broker.split(','), prefix + topic, partition)
    await codec.prepareRecords(records.map(({ value }) => value))
    all.push(...records.map((record) => ({ ...record, partition })))
  }
  return all
}

function positionHop({ codec }: Cluster, { value }: LoggedRecord): number | null {
  const decoded = value === null ? null : codec.decode('fingerprints.state', value).value
  return decoded?.position?.hop ?? null
}

/** `partition: first-last id:epoch committed read`, one for each run of records that have all of it in common. */
function runs(records: readonly PlacedRecord[], note: (record: PlacedRecord) => string): string {
  const parts: { text: string; first: number; last: number; partition: number }[] = []
  for (const record of records) {
    const text = `${record.producer} ${record.end} ${note(record)}`
    const part = parts.at(-1)
    if (part && part.text === text && part.partition === record.partition && part.last === record.offset - 1) {
      part.last = record.offset
    } else parts.push({ text, first: record.offset, last: record.offset, partition: record.partition })
  }
  return parts.map(({ partition, first, last, text }) => `${partition}: ${first}-${last} ${text}`).join('; ')
}

function placeOf({ partition, offset }: { partition: number; offset: number }): string {
  return `${partition}/${offset}`
}
