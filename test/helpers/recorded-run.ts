import { createHash } from 'node:crypto'
import { pipelineStages } from '../../consumers/pipeline.ts'
import { localType } from '../../lib/avro/record-types.ts'
import { Driver } from '../../lib/stream/driver.ts'
import type { HopInput, Output, Processor, TaskContext } from '../../lib/stream/processor.ts'
import type { Stage } from '../../lib/stream/stage.ts'
import type { TopicRecord } from '../../producers/intake/edge.ts'
import { createRandom } from '../../producers/sample/random.ts'
import { settingsOf } from './topology.ts'

/** One entry of a changelog, as its codec writes it; null bytes are a tombstone. */
export interface RecordedChange {
  readonly key: string
  readonly bytes: Buffer | null
}

/** One hop of one task: what it read, wrote and changed, and a digest of the last two. */
export interface Step {
  readonly input: HopInput
  readonly outputs: readonly Output[]
  readonly changes: readonly RecordedChange[]
  readonly digest: string
}

export interface RecordedTask {
  readonly stage: Stage
  readonly context: TaskContext
  readonly processor: Processor
  readonly steps: Step[]
}

/** How much of a changelog compaction has reached when it is read. */
export const COMPACTIONS = ['uncompacted', 'compacted', 'partly compacted'] as const
export type Compaction = (typeof COMPACTIONS)[number]

/** Runs the pipeline on two partitions and keeps what every task read, wrote and changed. */
export function recordRun(traffic: readonly TopicRecord[], input: Record<string, unknown>): RecordedTask[] {
  const settings = settingsOf(input)
  const tasks: RecordedTask[] = []
  const stages = pipelineStages(settings, 'hash').map((stage) => ({
    ...stage,
    create(context: TaskContext): Processor {
      const processor = stage.create(context)
      const task: RecordedTask = { stage, context, processor, steps: [] }
      tasks.push(task)
      return {
        process(hop) {
          const step = stepOf(stage, processor, hop)
          task.steps.push(step)
          return [...step.outputs]
        },
        drainChanges: () => [],
        restore: (entry) => processor.restore(entry),
        restored: () => processor.restored(),
        counters: () => processor.counters(),
      }
    },
  }))
  const driver = new Driver({ stages, partitions: 2, hops: settings.hops })
  for (const { topic, key, value } of traffic) driver.pipe(topic, key, value)
  driver.finish()
  return tasks
}

/** A processor that has read what a task wrote to its changelog in its first `at` hops. */
export function restoreAt({ stage, context, steps }: RecordedTask, at: number, how: Compaction): Processor {
  const processor = stage.create(context)
  for (const { key, bytes } of compact(
    steps.slice(0, at).flatMap(({ changes }) => changes),
    how,
  )) {
    processor.restore({ key, value: bytes === null ? null : localType(stage.changelog).fromBuffer(bytes) })
  }
  processor.restored()
  return processor
}

/**
 * Restarts a task behind its first `at` hops and lets it go on for `hops`. Returns the number of hops after which it wrote
 * or changed something else than the task that was not disturbed; null: it never did.
 */
export function differsAfter(task: RecordedTask, at: number, how: Compaction, hops = Number.POSITIVE_INFINITY) {
  const processor = restoreAt(task, at, how)
  for (const [index, { input, digest }] of task.steps.slice(at, at + hops).entries()) {
    if (stepOf(task.stage, processor, input).digest !== digest) return index
  }
  return null
}

/** Drops entries that a later one of the same key follows: none, all, or some. */
export function compact<Entry extends { readonly key: string }>(entries: readonly Entry[], how: Compaction): Entry[] {
  if (how === 'uncompacted') return [...entries]
  const random = createRandom('compaction')
  const last = new Map(entries.map(({ key }, index) => [key, index]))
  return entries.filter(({ key }, index) => last.get(key) === index || (how !== 'compacted' && random.chance(0.5)))
}

/** Values as their codec writes them, so that equal digests are equal bytes. */
function stepOf(stage: Stage, processor: Processor, input: HopInput): Step {
  const outputs = processor.process(input)
  const digest = createHash('sha256')
  const changes = processor.drainChanges().map(({ key, value }) => {
    const bytes = value === null ? null : localType(stage.changelog).toBuffer(value)
    digest.update(`\n${key} ${bytes === null}`).update(bytes ?? '')
    return { key, bytes }
  })
  for (const { topic, key, partition, value } of outputs) {
    digest.update(`\n${topic} ${key} ${partition} `).update(value === null ? '' : localType(topic).toBuffer(value))
  }
  return { input, outputs, changes, digest: digest.digest('hex') }
}
