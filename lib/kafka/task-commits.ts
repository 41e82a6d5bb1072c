import { type HopPosition, NO_HOP } from '../stream/assembler.ts'
import { hopEnd_ms } from '../stream/hop.ts'
import type { RejectedRecord } from '../stream/record.ts'
import { sealHop } from '../stream/seal.ts'
import { partitionCount } from '../stream/topology.ts'
import type { CommitNote } from './commit-note.ts'
import { yieldToEventLoop } from './event-loop.ts'
import { countRejected, countWritten, type TaskCounters } from './task-counters.ts'
import type { TaskInputs } from './task-inputs.ts'
import type { TaskLife } from './task-life.ts'
import type { TaskOptions } from './task-options.ts'
import type { TaskProgress } from './task-progress.ts'
import { groupOffsets, TaskRecords } from './task-records.ts'
import type { TaskSignal } from './task-signal.ts'

// Catching up, hops share transactions; eight cost an eighth, and what a failure throws away stays small.
export const HOPS_PER_TRANSACTION_MAX = 8
const BYTES_PER_TRANSACTION_MAX = 8 << 20

/** Turns complete hops, and rejected input that is too much to wait for one, into transactions of a task. */
export class TaskCommits {
  private readonly options: TaskOptions
  private readonly signal: TaskSignal
  private readonly inputs: TaskInputs
  private readonly progress: TaskProgress
  private readonly counters: TaskCounters
  private readonly onCommit: () => void

  constructor(
    options: TaskOptions,
    parts: {
      signal: TaskSignal
      inputs: TaskInputs
      progress: TaskProgress
      counters: TaskCounters
      /** A transaction has been committed. */
      onCommit: () => void
    },
  ) {
    this.options = options
    this.signal = parts.signal
    this.inputs = parts.inputs
    this.progress = parts.progress
    this.counters = parts.counters
    this.onCommit = parts.onCommit
  }

  /** Takes up to `hops_max` complete hops, has them processed, and commits what came of them in one transaction. */
  async commitHops(life: TaskLife, hops_max: number): Promise<void> {
    const { stage, task, partitions, prefix, codec, hops, gate, log, now, onHop } = this.options
    const { assembler, processor } = life
    const records = new TaskRecords(codec, prefix, partitions)
    const taken: { hop: number; taken_ms: number; process_ms: number }[] = []
    const rejected: RejectedRecord[] = []
    const failed: object[] = []
    while (taken.length < hops_max && records.size_bytes < BYTES_PER_TRANSACTION_MAX) {
      const next = assembler.take()
      const position = assembler.position()
      if (!next || !position) break
      const { hop } = next.input
      const taken_ms = now()
      const begun_ms = performance.now()
      const outputs = processor.process(next.input)
      taken.push({ hop, taken_ms, process_ms: performance.now() - begun_ms })
      for (const output of sealHop(stage, task, hop, outputs, (topic) => partitionCount(topic, partitions))) {
        records.addOutput(output)
      }
      for (const failure of processor.drainFailures?.() ?? []) failed.push({ task, hop, ...failure })
      for (const record of next.rejected) records.addDeadLetter(stage.name, record)
      rejected.push(...next.rejected)
      if (gate) records.addCut(task, position)
      await yieldToEventLoop()
      this.signal.check()
    }
    const position = assembler.position()
    if (taken.length === 0 || !position) return
    for (const change of processor.drainChanges()) records.addChange(stage.changelog, task, change)
    records.addPosition(stage.changelog, task, { ...position, hop_ms: hops.length_ms })

    const { transaction_ms, committed_ms } = await this.commit(life, records, position)
    this.counters.hops += taken.length
    countRejected(this.counters, rejected)
    for (const fields of failed)
      log({ level: 'error', message: 'a part failed, the others went on', fields: { ...fields } })
    gate?.announce(task, position.hop)
    const last = taken.at(-1)
    for (const closed of taken) {
      onHop({
        stage: stage.name,
        task,
        ...closed,
        committed_ms,
        transaction_ms: closed === last ? transaction_ms : null,
      })
    }
  }

  /** Rejected input in a transaction without a hop: where nothing but poison comes, no hop does, and memory is finite. */
  async commitRejected(life: TaskLife): Promise<void> {
    const { stage, task, partitions, prefix, codec, hops } = this.options
    const rejected = life.assembler.takeRejected()
    const position = life.assembler.position()
    if (rejected.length === 0 || !position) return
    const records = new TaskRecords(codec, prefix, partitions)
    for (const record of rejected) records.addDeadLetter(stage.name, record)
    records.addPosition(stage.changelog, task, { ...position, hop_ms: hops.length_ms })
    await this.commit(life, records, position)
    countRejected(this.counters, rejected)
    this.inputs.holdBack(life.assembler)
  }

  private async commit(
    life: TaskLife,
    records: TaskRecords,
    position: HopPosition,
  ): Promise<{ transaction_ms: number; committed_ms: number }> {
    const { prefix, now } = this.options
    const begun_ms = performance.now()
    const note = position.hop === NO_HOP ? null : this.noteOf(life, position)
    await life.producer.commit(
      records.all,
      groupOffsets(position, prefix, note, (topic, partition, offset) => this.inputs.readUp(topic, partition, offset)),
    )
    const transaction_ms = performance.now() - begun_ms
    if (note) this.progress.mark(position, note)
    this.onCommit()
    this.counters.transactions += 1
    countWritten(this.counters, records.written)
    return { transaction_ms, committed_ms: now() }
  }

  private noteOf({ assembler }: TaskLife, { hop }: HopPosition): CommitNote {
    const { hops, now } = this.options
    const event_time_ms = hopEnd_ms(hop, hops.length_ms)
    return { hop, event_time_ms, committed_ms: now(), caught_up: this.progress.isReadUp() && !assembler.ready() }
  }
}
