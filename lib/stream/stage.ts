import type { Fields } from '../../schemas/fields.ts'
import type { TopicName } from '../../schemas/topics.ts'
import type { Request } from '../../schemas/types.ts'
import type { Processor, TaskContext } from './processor.ts'

/**
 * How a stage reads a topic.
 * - `source`: records carry event time and no hop; this task cuts the hops.
 * - `hops`: written by another stage of ours, in closed hops; complete when every writer has closed it.
 * - `table`: joined as of a moment of event time; never waited for beyond what is already written.
 */
export interface StageInput {
  readonly topic: TopicName
  readonly role: 'source' | 'hops' | 'table'
  /** 'own': task p reads partition p. 'all': the (single) task reads every partition. */
  readonly partitions: 'own' | 'all'
  /** For `hops`: 'same': partition p is written by task p alone. 'all': every task of the writing stage writes to it. */
  readonly writers?: 'same' | 'all'
  /** For `table`: a record takes effect at the end of the hop that holds its event time, or one hop later. */
  readonly effect?: 'hop_end' | 'next_hop'
  /** Of `requests`: the fields that the stage reads; where values come as bytes, they then have no others. Default: all. */
  readonly fields?: Fields<Request>
}

/** How a stage writes a topic. */
export interface StageOutput {
  readonly topic: TopicName
  /** Which partitions one task writes to: its own, every one, only partition 0, or whichever the key asks for. */
  readonly partitions: 'own' | 'all' | 'zero' | 'keyed'
  /** True: readers consume this topic hop by hop, so every hop is closed on every partition written to, even an empty one. */
  readonly closesHops: boolean
}

/** One stage of the flow, declared as a value; three shells run it: Kafka, offline replay, test driver. */
export interface Stage {
  readonly name: string
  /** 'partitioned': one task per partition. 'global': one task, because its decisions need everything. */
  readonly scope: 'partitioned' | 'global'
  readonly inputs: readonly StageInput[]
  readonly outputs: readonly StageOutput[]
  readonly changelog: TopicName
  create(context: TaskContext): Processor
}

/** Number of tasks of a stage. */
export function taskCount(stage: Stage, partitions: number): number {
  return stage.scope === 'global' ? 1 : partitions
}

/** One partition of one input of one task. */
export interface InputPartition {
  readonly input: StageInput
  readonly partition: number
}

/** Every input partition of a task. `partitionsOf` gives the count of a topic. */
export function inputPartitions(
  stage: Stage,
  task: number,
  partitionsOf: (topic: TopicName) => number,
): InputPartition[] {
  return stage.inputs.flatMap((input) => {
    if (input.partitions === 'own') return [{ input, partition: task }]
    return Array.from({ length: partitionsOf(input.topic) }, (_, partition) => ({ input, partition }))
  })
}
