import type { Admin } from 'kafkajs'
import type { TopicName } from '../../schemas/topics.ts'
import { inputPartitions, type Stage, type StageInput, taskCount } from '../stream/stage.ts'
import { partitionCount } from '../stream/topology.ts'
import type { CommitNote } from './commit-note.ts'
import { committedOffsets } from './committed-offsets.ts'
import { heldTasks } from './held-tasks.ts'
import { groupIdOf } from './stage-group.ts'
import { fetchTopicEnds } from './topic-ends.ts'

/** How far a task is behind on one partition of one input. */
export interface PartitionLag {
  /** Name without the prefix. */
  readonly topic: TopicName
  readonly partition: number
  readonly role: StageInput['role']
  /** Where the task would read on after a restart; null before its first commit. */
  readonly committed: number | null
  /** Offset after the last committed record of the topic. */
  readonly end: number
  /**
   * Records that no closed hop holds. Offsets are committed with a hop, so a stage that keeps up stands at the records
   * of the hop that is open, not at 0. Markers of transactions count until the stage has read past them.
   */
  readonly lag: number
  /** Records that retention has deleted behind the committed offset: the task will never see them. */
  readonly gap: number
}

/** One task, as the broker tells it; its process need not run, and need not be reached. */
export interface TaskLook {
  readonly stage: string
  readonly groupId: string
  readonly task: number
  /** Whether a process holds it; null while the group deals its tasks anew. */
  readonly isHeld: boolean | null
  /** What stands beside its committed offsets; null before its first commit, or when something else has set them. */
  readonly note: CommitNote | null
  readonly inputs: readonly PartitionLag[]
}

/** Looks at all tasks of a stage. Rejects as kafkajs does when a broker or a topic is missing. */
export async function lookAtStage(
  admin: Admin,
  stage: Stage,
  layout: { readonly prefix: string; readonly partitions: number },
): Promise<TaskLook[]> {
  const { prefix, partitions } = layout
  const groupId = groupIdOf(stage.name, prefix)
  const topics = [...new Set(stage.inputs.map(({ topic }) => topic))]
  const names = topics.map((topic) => prefix + topic)
  // Ends after offsets: what is committed meanwhile must not look like more than there is.
  const committed = await committedOffsets(admin, groupId, names)
  const [held, ...fetched] = await Promise.all([
    heldTasks(admin, groupId, prefix + stage.changelog),
    ...names.map((name) => fetchTopicEnds(admin, name)),
  ])
  const ends = new Map(topics.map((topic, index) => [topic, fetched[index]]))
  return Array.from({ length: taskCount(stage, partitions) }, (_, task): TaskLook => {
    const notes: (CommitNote | null)[] = []
    const inputs = inputPartitions(stage, task, (topic) => partitionCount(topic, partitions)).map(
      ({ input: { topic, role }, partition }): PartitionLag => {
        const { low, high } = ends.get(topic)?.get(partition) ?? { low: 0, high: 0 }
        const commit = committed.get(`${prefix}${topic}/${partition}`)
        const offset = commit?.offset ?? null
        if (role !== 'table') notes.push(commit?.note ?? null)
        return {
          topic,
          partition,
          role,
          committed: offset,
          end: high,
          lag: Math.max(0, high - Math.max(low, offset ?? 0)),
          gap: offset === null ? 0 : Math.max(0, low - offset),
        }
      },
    )
    // One transaction writes all of them. Where one is missing, something else was here.
    const note = notes.includes(null) ? null : (notes[0] ?? null)
    return { stage: stage.name, groupId, task, isHeld: held?.has(task) ?? null, note, inputs }
  })
}
