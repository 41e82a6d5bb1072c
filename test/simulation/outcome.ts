import { createHash } from 'node:crypto'
import { POSITION_KEY } from '../../lib/kafka/task-records.ts'
import type { Stage } from '../../lib/stream/stage.ts'
import type { TopicName } from '../../schemas/topics.ts'
import type { SimulatedCluster } from './cluster.ts'
import { type CommittedRecord, committedRecords } from './log-reader.ts'

/** Everything the stages have committed, by a name of the place, in a form that two runs can be compared in. */
export type Outcome = ReadonlyMap<string, readonly string[]>

/**
 * Outputs of a writer in a partition, in order; state of a task, by key. How writers take turns in a partition, and
 * where the changelog stands, differs from run to run and is left out; so are hops after the last that everybody has closed,
 * and empty ones before a writer's first record.
 */
export function outcomeOf(cluster: SimulatedCluster, stages: readonly Stage[], lastHop: number): Outcome {
  const outcome = new Map<string, string[]>()
  const written = new Set<TopicName>(stages.flatMap(({ outputs }) => outputs.map(({ topic }) => topic)))
  for (const topic of [...written, 'dead-letters' as const]) {
    for (const [partition, log] of (cluster.state.topics.get(topic)?.partitions ?? []).entries()) {
      for (const record of committedRecords(log)) {
        if (Number(record.headers.hop ?? lastHop) > lastHop) continue
        const place = `${topic}/${partition} by ${record.headers.writer ?? 'anyone'}`
        // Where a source that has nothing yet joins the others depends on how far they are; it has nothing to say there.
        if (record.value === null && !outcome.has(place)) continue
        add(outcome, place, textOf(record))
      }
    }
  }
  for (const { changelog } of stages) {
    for (const [task, log] of (cluster.state.topics.get(changelog)?.partitions ?? []).entries()) {
      const state = new Map<string, string>()
      for (const record of committedRecords(log)) {
        if (record.key === POSITION_KEY) continue
        if (record.value === null) state.delete(record.key)
        else state.set(record.key, textOf(record))
      }
      outcome.set(`${changelog}/${task}`, [...state.values()].sort())
    }
  }
  for (const [place, lines] of outcome) if (place.endsWith('by anyone')) lines.sort()
  return outcome
}

/** The first difference of each place; nothing when the outcomes are the same to the byte. */
export function differences(actual: Outcome, expected: Outcome): string[] {
  const wrong: string[] = []
  for (const place of new Set([...expected.keys(), ...actual.keys()])) {
    const is = actual.get(place) ?? []
    const should = expected.get(place) ?? []
    const at = Array.from({ length: Math.max(is.length, should.length) }, (_, i) => i).find((i) => is[i] !== should[i])
    if (at === undefined) continue
    wrong.push(`${place}: record ${at} of ${is.length} is ${is[at] ?? 'missing'}, should be ${should[at] ?? 'missing'}`)
  }
  return wrong
}

function add(outcome: Map<string, string[]>, place: string, line: string): void {
  const known = outcome.get(place)
  if (known) known.push(line)
  else outcome.set(place, [line])
}

function textOf({ key, value, headers }: CommittedRecord): string {
  const digest = value === null ? 'null' : createHash('sha1').update(value).digest('hex').slice(0, 16)
  return `${key} ${digest} ${JSON.stringify(headers)}`
}
