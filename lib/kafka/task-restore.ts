import type { KafkaMessage } from 'kafkajs'
import type { Position } from '../../schemas/types.ts'
import type { Processor } from '../stream/processor.ts'
import type { InputPartition } from '../stream/stage.ts'
import { ChangelogLost, HopLengthMismatch } from './errors.ts'
import { Restore, type RestoreProgress } from './restore.ts'
import type { TaskCounters } from './task-counters.ts'
import type { TaskOptions } from './task-options.ts'
import type { TaskSignal } from './task-signal.ts'

/** Thrown by a task that learns from its changelog that it has another owner by now. */
export class Overtaken extends Error {}

const PROGRESS_LOG_MS = 5_000

/** One restore of one task, from the question where its changelog ends to the last record before that end. */
export class TaskRestore {
  private readonly options: TaskOptions
  private readonly inputs: readonly InputPartition[]
  private readonly signal: TaskSignal
  private readonly counters: TaskCounters
  private readonly changelog: string
  private progressLogged_ms: number
  private restore: Restore | null = null

  constructor(
    options: TaskOptions,
    {
      inputs,
      signal,
      counters,
      started_ms,
    }: { inputs: readonly InputPartition[]; signal: TaskSignal; counters: TaskCounters; started_ms: number },
  ) {
    this.options = options
    this.inputs = inputs
    this.signal = signal
    this.counters = counters
    this.changelog = options.prefix + options.stage.changelog
    this.progressLogged_ms = started_ms
  }

  /** How far it is; null before it is known where the changelog ends. */
  progress(): RestoreProgress | null {
    return this.restore?.progress() ?? null
  }

  /**
   * Reads the changelog back into the processor. Older owners must be fenced: then the end is final. Rejects with Revoked,
   * Overtaken, ChangelogLost, HopLengthMismatch or ChangelogUnreadable.
   */
  async read(processor: Processor): Promise<Restore> {
    const { stage, task, codec, consumer, ends, log } = this.options
    const { changelog } = this
    const { low, high } = (await ends.now(changelog)).get(task) ?? { low: 0, high: 0 }
    this.signal.check()
    const restore = new Restore({ codec, topic: stage.changelog, partition: task, processor, low, high })
    this.restore = restore
    this.counters.changelog_missed = low
    if (low > 0) {
      // Compaction leaves the start of a log where it is. Something else removed records: what they said is unknown.
      log({
        level: 'error',
        message: 'the changelog has lost its beginning; state restored from it is incomplete',
        fields: { task, topic: stage.changelog, from: 0, to: low },
      })
    }
    if (high > low) {
      consumer.open(changelog, task, low, {
        onMessages: (messages) => this.signal.guard(() => this.apply(restore, messages)),
        onAdvance: () => {
          restore.advance(consumer.next(changelog, task) ?? 0)
          this.signal.notify()
        },
      })
      await this.signal.until(() => restore.isComplete)
      consumer.close(changelog, task)
    }
    if (restore.position === null) await this.refuseLostChangelog(high)
    else this.refuseOtherHops(restore.position)
    return restore
  }

  private refuseOtherHops({ hop_ms: written_ms }: Position): void {
    const { task, hops } = this.options
    if (written_ms === 0 || written_ms === hops.length_ms) return
    throw new HopLengthMismatch({ topic: this.changelog, partition: task, written_ms, hop_ms: hops.length_ms })
  }

  private apply(restore: Restore, messages: readonly KafkaMessage[]): void {
    for (const message of messages) restore.apply(message)
    const now_ms = this.options.now()
    if (now_ms - this.progressLogged_ms < PROGRESS_LOG_MS) return
    this.progressLogged_ms = now_ms
    this.options.log({
      level: 'info',
      message: 'task restoring',
      fields: { task: this.options.task, ...restore.progress() },
    })
  }

  /**
   * Position and offsets are committed together. Offsets without a position mean that the changelog is gone, and beginning
   * anew at the start of the inputs would say everything a second time. They may also be those of another owner, who has
   * committed since we have read the changelog up to `readUp`: then it goes on there.
   */
  private async refuseLostChangelog(readUp: number): Promise<void> {
    const { task, groupId, prefix, ends, committed } = this.options
    const { changelog } = this
    const offsets = await committed([...new Set(this.inputs.map(({ input }) => prefix + input.topic))])
    if (offsets.size > 0 && ((await ends.now(changelog)).get(task)?.high ?? 0) > readUp) {
      throw new Overtaken(`${changelog}/${task} has been written to by another owner`)
    }
    for (const { input, partition } of this.inputs) {
      const input_topic = prefix + input.topic
      const offset = offsets.get(`${input_topic}/${partition}`)?.offset
      if (offset !== undefined)
        throw new ChangelogLost({ topic: changelog, partition: task, groupId, input_topic, offset })
    }
    this.signal.check()
  }
}
