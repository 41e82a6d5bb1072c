import type { Output } from './processor.ts'
import type { OutputRecord } from './record.ts'
import type { Stage } from './stage.ts'

/**
 * Turns what a processor emitted for one hop into records: on every partition that a hop-closing output writes to, the
 * last record closes the hop, and where there is none, a record without a value does.
 */
export function sealHop(
  stage: Stage,
  task: number,
  hop: number,
  outputs: readonly Output[],
  partitionsOf: (topic: Output['topic']) => number,
): OutputRecord[] {
  const records: OutputRecord[] = []
  const closing = new Map<string, Output[]>()
  for (const output of stage.outputs) {
    if (!output.closesHops) continue
    const partitions =
      output.partitions === 'own'
        ? [task]
        : output.partitions === 'zero'
          ? [0]
          : Array.from({ length: partitionsOf(output.topic) }, (_, partition) => partition)
    for (const partition of partitions) closing.set(`${output.topic}/${partition}`, [])
  }
  for (const output of outputs) {
    const group = closing.get(`${output.topic}/${output.partition}`)
    if (group) group.push(output)
    else if (stage.outputs.some(({ topic, closesHops }) => closesHops && topic === output.topic)) {
      throw new Error(`${stage.name} wrote ${output.topic}/${output.partition}, a partition where it closes no hops`)
    } else records.push({ ...output, hop: null })
  }
  for (const [place, group] of closing) {
    const slash = place.lastIndexOf('/')
    const topic = place.slice(0, slash) as Output['topic']
    const partition = Number(place.slice(slash + 1))
    if (group.length === 0) {
      records.push({ topic, partition, key: CLOSE_KEY, value: null, hop: { hop, writer: task, last: true } })
    }
    for (const [index, { topic, partition, key, value }] of group.entries()) {
      records.push({ topic, partition, key, value, hop: { hop, writer: task, last: index === group.length - 1 } })
    }
  }
  return records
}

/** Key of a record that only closes a hop. */
export const CLOSE_KEY = 'hop'
