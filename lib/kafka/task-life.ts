import type { HopAssembler } from '../stream/assembler.ts'
import type { Processor } from '../stream/processor.ts'
import { createAssembler } from '../stream/topology.ts'
import { writtenPartitions } from './stage-topics.ts'
import type { TaskOptions } from './task-options.ts'
import { TaskProducer } from './task-producer.ts'

/** What a task holds between a restore and the next failure. */
export interface TaskLife {
  readonly producer: TaskProducer
  readonly assembler: HopAssembler
  readonly processor: Processor
}

/** Fences older owners of the task off, and begins with a processor and an assembler that know nothing yet. */
export async function beginLife(options: TaskOptions): Promise<TaskLife> {
  const { stage, task, groupId, partitions, hops, kafka, prefix, gate, writers } = options
  const written = writtenPartitions(stage, task, partitions)
  const topics = written.map((place) => ({ ...place, topic: prefix + place.topic }))
  const producer = await TaskProducer.open(kafka, groupId, task, topics)
  const processor = stage.create({ task, partitions, hop_ms: hops.length_ms })
  const assembler = createAssembler(stage, task, {
    partitions,
    hops,
    limit: (first) => gate?.limit(first) ?? Number.POSITIVE_INFINITY,
    writers,
  })
  return { producer, assembler, processor }
}
