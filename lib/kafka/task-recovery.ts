import { isKafkaError } from './client.ts'
import { BrokerUnavailable } from './errors.ts'
import { isOutage, Outage } from './outage.ts'
import type { TaskCounters } from './task-counters.ts'
import type { TaskOptions } from './task-options.ts'
import { isFenced } from './task-producer.ts'
import { Overtaken } from './task-restore.ts'
import { Revoked, type TaskSignal } from './task-signal.ts'

// Brokers that are away are waited for by time.
const REFUSALS_MAX = 5
const REST_MS = 100
const REST_MAX_MS = 5_000

/** What comes after a failure of a task: the end, another attempt, or a wait for the group's word. */
export class TaskRecovery {
  private readonly options: TaskOptions
  private readonly signal: TaskSignal
  private readonly counters: TaskCounters
  private readonly outage: Outage
  /** Attempts that failed since the last commit, and those of them that were refusals. */
  private failures = 0
  private refusals = 0

  constructor(options: TaskOptions, signal: TaskSignal, counters: TaskCounters) {
    this.options = options
    this.signal = signal
    this.counters = counters
    this.outage = new Outage(options.outage_max_ms, options.now)
  }

  /** A commit has worked: what failed before it counts no longer. */
  end(): void {
    this.failures = 0
    this.refusals = 0
    this.outage.end()
  }

  /**
   * Resolves when another attempt may begin, or when the task has been revoked. Rejects with what must end the task. `release`
   * is called before the wait.
   */
  async recover(error: unknown, release: () => void): Promise<void> {
    if (this.signal.isRevoked() && (error instanceof Revoked || isOutside(error))) return
    if (!isOutside(error)) throw error
    const { kafka, stage, task, log } = this.options
    const failure = kafka.failure(`task ${task} of ${stage.name}`, error)
    // A right that is missing, or a password that has changed: another attempt would end the same.
    if (!(failure instanceof BrokerUnavailable)) throw failure
    const fenced = isFenced(error) || error instanceof Overtaken
    const isAway = !fenced && isOutage(error)
    this.failures += 1
    if (!isAway) this.refusals += 1
    this.counters.transactions_failed += 1
    log({
      level: 'warn',
      message: fenced ? 'task fenced off by another owner' : 'task failed, restoring it again',
      fields: { task, attempt: this.failures, reason: error instanceof Error ? error.message : String(error) },
    })
    if (isAway ? !this.outage.mayPass() : this.refusals >= REFUSALS_MAX) throw failure
    release()
    if (fenced) await this.hearGroup()
    else await this.rest(Math.min(REST_MS * 2 ** (this.failures - 1), REST_MAX_MS))
  }

  /** Either the other owner is a zombie that has yet to notice, or we are: only the group knows. */
  private async hearGroup(): Promise<void> {
    let isConfirmed = false
    void this.options.confirmed().then(() => {
      isConfirmed = true
      this.signal.notify()
    })
    await this.signal.untilOrRevoked(() => isConfirmed)
  }

  /** Waits before the next attempt. */
  private async rest(rest_ms: number): Promise<void> {
    let isOver = false
    const timer = setTimeout(() => {
      isOver = true
      this.signal.notify()
    }, rest_ms)
    await this.signal.untilOrRevoked(() => isOver)
    clearTimeout(timer)
  }
}

function isOutside(error: unknown): boolean {
  return isKafkaError(error) || error instanceof BrokerUnavailable || error instanceof Overtaken
}
