import { hopEnd_ms } from '../stream/hop.ts'
import { yieldToEventLoop } from './event-loop.ts'
import { SourceSilence } from './source-silence.ts'
import { HOPS_PER_TRANSACTION_MAX, TaskCommits } from './task-commits.ts'
import { newTaskCounters, type TaskCounters } from './task-counters.ts'
import { holdsTooMuch, TaskInputs } from './task-inputs.ts'
import { beginLife, type TaskLife } from './task-life.ts'
import type { TaskOptions } from './task-options.ts'
import { TaskProgress } from './task-progress.ts'
import { TaskRecovery } from './task-recovery.ts'
import { TaskRestore } from './task-restore.ts'
import { TaskSignal } from './task-signal.ts'
import { moveTask, type TaskState } from './task-state.ts'
import type { TaskStatus } from './task-status.ts'
import { TaskTables } from './task-tables.ts'

/**
 * One task of one stage in this process. `run` takes it from `assigned` over `restoring` to `running` and keeps it
 * there: messages are appended as they come, and one loop closes hops, one transaction at a time. A transaction that
 * fails leaves unknown what was committed; then everything is dropped and the task starts again from its changelog.
 */
export class Task {
  readonly counters: TaskCounters = newTaskCounters()
  private readonly options: TaskOptions
  private readonly signal = new TaskSignal(() => this.current === 'revoked')
  private readonly inputs: TaskInputs
  private readonly tables: TaskTables
  private readonly silence: SourceSilence
  private readonly progress: TaskProgress
  private readonly recovery: TaskRecovery
  private readonly commits: TaskCommits
  private readonly stopListening: () => void
  private readonly since_ms: number
  private current: TaskState = 'assigned'
  private life: TaskLife | null = null
  private restoring: TaskRestore | null = null
  private isCommitting = false
  private closing: Promise<void> = Promise.resolve()

  constructor(options: TaskOptions) {
    const { signal, counters } = this
    this.options = options
    this.inputs = new TaskInputs(options, signal, counters)
    this.tables = new TaskTables(options, this.inputs, signal)
    this.silence = new SourceSilence(options, this.inputs)
    this.progress = new TaskProgress(options, this.inputs)
    this.recovery = new TaskRecovery(options, signal, counters)
    const { inputs, progress, recovery } = this
    this.commits = new TaskCommits(options, { signal, inputs, progress, counters, onCommit: () => recovery.end() })
    this.since_ms = options.now()
    this.stopListening = options.gate?.onAnnounce(() => signal.notify()) ?? (() => undefined)
  }

  get state(): TaskState {
    return this.current
  }

  /** Runs until revoked. Rejects with a programming error, or when attempts have failed too often in a row. */
  async run(): Promise<void> {
    try {
      while (this.current !== 'revoked') {
        try {
          const life = await this.restore()
          await this.closeHops(life)
        } catch (error) {
          await this.recovery.recover(error, () => {
            this.closePartitions()
            this.move('assigned')
          })
        } finally {
          this.drop()
        }
      }
    } finally {
      this.stopListening()
      await this.closing
    }
  }

  /** Gives the task up: nothing more is read or begun. `run` resolves when what was under way has ended. */
  revoke(): void {
    if (this.current === 'revoked') return
    this.move('revoked')
    this.closePartitions()
    this.signal.notify()
  }

  status(): TaskStatus {
    const { hops, task } = this.options
    const { hop, marks } = this.progress
    const assembler = this.life?.assembler
    return {
      task,
      state: this.current,
      hop,
      hopEnd_ms: hop === null ? null : hopEnd_ms(hop, hops.length_ms),
      restore: this.restoring?.progress() ?? null,
      buffered: assembler?.buffered() ?? 0,
      offsets: this.progress.offsets(),
      isReady: this.isCommitting || (assembler?.ready() ?? false),
      missing: assembler ? this.progress.missing(assembler) : [],
      since_ms: this.since_ms,
      marks,
    }
  }

  /** Counters of the processor; empty while there is none. */
  processorCounters(): Readonly<Record<string, number>> {
    return this.life?.processor.counters() ?? {}
  }

  /** Closes what a source has open when it has been silent for `silence_ms`. Call it now and then. */
  async noteSilence(silence_ms: number, now_ms: number): Promise<void> {
    if (this.current !== 'running' || !this.life) return
    await this.silence.note(this.life.assembler, { silence_ms, now_ms, hop: this.progress.hop })
  }

  private async restore(): Promise<TaskLife> {
    const { options, inputs, signal, counters } = this
    const { task, log, now } = options
    this.move('restoring')
    const started_ms = now()
    const life = await beginLife(options)
    this.life = life
    signal.check()
    this.restoring = new TaskRestore(options, { inputs: inputs.all, signal, counters, started_ms })
    const restore = await this.restoring.read(life.processor)
    const { position, records } = restore
    if (position) life.assembler.resume(position)
    life.processor.restored()
    const { accounts } = restore.progress()
    this.restoring = null
    this.progress.resume(position)
    counters.restores += 1
    counters.restored_records += records
    counters.restore_ms += now() - started_ms
    await inputs.open(life.assembler, position)
    this.move('running')
    log({
      level: 'info',
      message: 'task restored',
      fields: { task, hop: this.progress.hop, records, accounts, took_ms: now() - started_ms },
    })
    return life
  }

  private async closeHops(life: TaskLife): Promise<never> {
    const { assembler } = life
    const commitRejected = () => this.commits.commitRejected(life)
    for (;;) {
      this.signal.check()
      if (!assembler.ready()) {
        if (holdsTooMuch(assembler)) await commitRejected()
        this.inputs.holdBack(assembler)
        if (!holdsTooMuch(assembler)) await this.signal.wait()
        continue
      }
      const areTablesUp = await this.tables.readUp(assembler, commitRejected)
      // The first hop alone: from it the gate knows where the sources begin.
      const isFirst = this.progress.hop === null && this.options.gate !== null
      this.isCommitting = true
      this.signal.check()
      await this.commits.commitHops(life, isFirst || !areTablesUp ? 1 : HOPS_PER_TRANSACTION_MAX)
      this.isCommitting = false
      this.inputs.holdBack(assembler)
      await yieldToEventLoop()
    }
  }

  private closePartitions(): void {
    const { consumer, prefix, stage, task } = this.options
    this.inputs.close()
    consumer.close(prefix + stage.changelog, task)
  }

  private drop(): void {
    const { life } = this
    this.life = null
    this.restoring = null
    this.isCommitting = false
    this.inputs.drop()
    if (life) this.closing = life.producer.close()
  }

  private move(to: TaskState): void {
    this.current = moveTask(this.current, to)
  }
}
