import type { TopicName } from '../../schemas/topics.ts'
import { InvariantViolated } from '../ops/errors.ts'
import { type Stage, taskCount } from '../stream/stage.ts'
import { isSource, partitionCount } from '../stream/topology.ts'

/** Topics that a stage reads, its changelog and the cuts of its fellow sources included. */
export function readTopics(stage: Stage): TopicName[] {
  const topics: TopicName[] = [...stage.inputs.map(({ topic }) => topic), stage.changelog]
  if (isSource(stage)) topics.push('hops')
  return [...new Set(topics)]
}

/** Topics that a stage writes, its changelog, its cuts and its dead letters included. */
export function writtenTopics(stage: Stage): TopicName[] {
  const topics: TopicName[] = [...stage.outputs.map(({ topic }) => topic), stage.changelog, 'dead-letters']
  if (isSource(stage)) topics.push('hops')
  return [...new Set(topics)]
}

/** Every partition that a task of a stage may write to. */
export function writtenPartitions(
  stage: Stage,
  task: number,
  partitions: number,
): { topic: TopicName; partitions: number[] }[] {
  const own = stage.outputs.filter((output) => output.partitions === 'own').map(({ topic }) => topic)
  return writtenTopics(stage).map((topic) => {
    if (topic === stage.changelog || own.includes(topic)) return { topic, partitions: [task] }
    return { topic, partitions: Array.from({ length: partitionCount(topic, partitions) }, (_, partition) => partition) }
  })
}

/** Throws InvariantViolated for a stage whose tasks could not each have their own partition of everything they read. */
export function checkStage(stage: Stage, partitions: number): void {
  const tasks = taskCount(stage, partitions)
  const own = stage.inputs.filter((input) => input.partitions === 'own').map(({ topic }) => topic)
  for (const topic of [...own, stage.changelog]) {
    const count = partitionCount(topic, partitions)
    if (count === tasks) continue
    throw new InvariantViolated(`${stage.name} has ${tasks} tasks, but ${topic} has ${count} partitions`)
  }
  const shared = stage.inputs.find((input) => input.partitions === 'all')
  if (shared && tasks > 1)
    throw new InvariantViolated(`${stage.name} has ${tasks} tasks that would share ${shared.topic}`)
}
