import { type HopAssembler, type HopPosition, type MissingPart, NO_HOP } from '../stream/assembler.ts'
import { addMark, type ProgressMark } from '../stream/lag-state.ts'
import type { InputPartition } from '../stream/stage.ts'
import type { CommitNote } from './commit-note.ts'
import type { TaskInputs } from './task-inputs.ts'
import type { TaskOptions } from './task-options.ts'
import type { InputStatus } from './task-status.ts'

/** How far a task is, by its commits; kept over restores, for whoever asks how the task is doing. */
export class TaskProgress {
  /** Last hop committed, by or before this process; null before the first. */
  hop: number | null = null
  marks: readonly ProgressMark[] = []
  private readonly options: TaskOptions
  private readonly inputs: TaskInputs
  /** Committed offsets by `topic/partition`, as far as this process knows. */
  private readonly committed = new Map<string, number>()

  constructor(options: TaskOptions, inputs: TaskInputs) {
    this.options = options
    this.inputs = inputs
  }

  /** Goes on from a restored position; null for a new task. */
  resume(position: HopPosition | null): void {
    this.hop = position === null || position.hop === NO_HOP ? null : position.hop
  }

  /** Remembers what has been committed. */
  mark({ inputs }: HopPosition, { hop, committed_ms, caught_up }: CommitNote): void {
    this.hop = hop
    for (const { topic, partition, resume_offset } of inputs) {
      this.committed.set(`${topic}/${partition}`, this.inputs.readUp(topic, partition, resume_offset))
    }
    let offset = 0
    let lag = 0
    for (const input of this.inputs.flows) {
      const { committed, end } = this.of(input)
      offset += committed ?? 0
      lag += Math.max(0, (end ?? 0) - (committed ?? 0))
    }
    this.marks = addMark(this.marks, { committed_ms, hop, offset, lag, isCaughtUp: caught_up })
  }

  /** True when everything known to be written to the flows has been read. */
  isReadUp(): boolean {
    return this.inputs.flows.every((input) => {
      const { next, end } = this.of(input)
      return end === null || (next ?? 0) >= end
    })
  }

  offsets(): InputStatus[] {
    return this.inputs.all.map((input) => this.of(input))
  }

  /** What the next hop still needs; a source that waits for other sources misses their next hop. */
  missing(assembler: HopAssembler): MissingPart[] {
    const source = this.inputs.flows[0]
    const missing = assembler.missing()
    if (missing.length > 0 || assembler.ready() || !source) return missing
    // Complete, and not to be taken: only the gate does that.
    return (this.options.gate?.slowest() ?? []).map((partition) => ({
      topic: source.input.topic,
      partition,
      writer: null,
    }))
  }

  private of({ input: { topic, role }, partition }: InputPartition): InputStatus {
    const { consumer, ends, prefix } = this.options
    const fetched = consumer.end(prefix + topic, partition)
    const asked = ends.last(prefix + topic)?.get(partition)?.high ?? null
    return {
      topic,
      partition,
      role,
      next: consumer.next(prefix + topic, partition),
      committed: this.committed.get(`${topic}/${partition}`) ?? null,
      end: fetched === null || asked === null ? (fetched ?? asked) : Math.max(fetched, asked),
    }
  }
}
