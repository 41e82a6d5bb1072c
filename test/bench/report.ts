import type { TopicName } from '../../schemas/topics.ts'
import type { Measured } from './measure.ts'

export interface Row extends Measured {
  readonly name: string
}

/** Events a second of wall time, and of processor time of this process. */
export function rates({ events, wall_ms, cpu_ms }: Measured): { per_s: number; per_cpu_s: number } {
  return { per_s: (1000 * events) / wall_ms, per_cpu_s: (1000 * events) / cpu_ms }
}

/** A Markdown table of the rows, each also as a ratio to the row named `base`. */
export function rateTable(rows: readonly Row[], base: string): string {
  const reference = rows.find(({ name }) => name === base)
  const lines = rows.map((row) => {
    const { per_s, per_cpu_s } = rates(row)
    const to = reference ? rates(reference) : null
    return [
      row.name,
      whole(row.events),
      whole(per_s),
      to ? ratio(per_s / to.per_s) : '',
      whole(per_cpu_s),
      to ? ratio(per_cpu_s / to.per_cpu_s) : '',
    ]
  })
  return table(['row', 'events', 'events/s', 'ratio', 'events per CPU second', 'ratio'], lines)
}

export interface Written {
  readonly topic: string
  readonly records: number
  readonly bytes: number
}

/** What a stage wrote, by topic, with the totals of everything and of everything but its changelog. */
export function writtenRows(
  tasks: readonly { readonly written: ReadonlyMap<TopicName, { records: number; bytes: number }> }[],
  changelog: TopicName,
): Written[] {
  const sums = new Map<TopicName, { records: number; bytes: number }>()
  for (const { written } of tasks) {
    for (const [topic, { records, bytes }] of written) {
      const sum = sums.get(topic) ?? { records: 0, bytes: 0 }
      sums.set(topic, { records: sum.records + records, bytes: sum.bytes + bytes })
    }
  }
  const total = (topic: string, topics: readonly TopicName[]): Written => ({
    topic,
    records: topics.reduce((sum, name) => sum + (sums.get(name)?.records ?? 0), 0),
    bytes: topics.reduce((sum, name) => sum + (sums.get(name)?.bytes ?? 0), 0),
  })
  const topics = [...sums.keys()].sort()
  return [
    ...topics.map((topic) => total(topic, [topic])),
    total(
      'total without the changelog',
      topics.filter((topic) => topic !== changelog),
    ),
    total('total', topics),
  ]
}

/** A Markdown table of what was written for each request, and each byte of one, that came in. */
export function writtenTable(rows: readonly Written[], input: { requests: number; bytes: number }): string {
  const lines = rows.map(({ topic, records, bytes }) => [
    topic,
    whole(records),
    whole(bytes),
    ratio(records / input.requests),
    ratio(bytes / input.requests, 1),
    ratio(bytes / input.bytes),
  ])
  return table(['topic', 'records', 'bytes', 'records per request', 'bytes per request', 'bytes per byte'], lines)
}

/** A Markdown table; the first column is text, the others are numbers. */
export function table(titles: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [row(titles), `|---|${'---:|'.repeat(titles.length - 1)}`, ...lines.map(row)].join('\n')
}

/** 1234567.8 as `1,234,568`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function ratio(value: number, digits = 3): string {
  return value.toFixed(digits)
}
