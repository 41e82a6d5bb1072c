import type { StageCounters } from './stage-status.ts'
import { Task } from './task.ts'
import type { TaskOptions } from './task-options.ts'
import type { TaskStatus } from './task-status.ts'

/** What the tasks of a stage share in this process. */
export interface StageTasksOptions extends Omit<TaskOptions, 'task' | 'confirmed'> {
  /** A task has ended with what must end the stage. */
  readonly onFailure: (error: unknown) => void
}

/** The tasks that the group has given to this process. */
export class StageTasks {
  private readonly options: StageTasksOptions
  private readonly tasks = new Map<number, Task>()
  /** Tasks under way, those revoked a moment ago included. */
  private readonly runs = new Set<Promise<void>>()
  private confirmations: (() => void)[] = []

  constructor(options: StageTasksOptions) {
    this.options = options
  }

  held(): number[] {
    return [...this.tasks.keys()]
  }

  begin(number: number): void {
    const { onFailure, ...shared } = this.options
    const task = new Task({
      ...shared,
      task: number,
      confirmed: () => new Promise((resolve) => this.confirmations.push(resolve)),
    })
    this.tasks.set(number, task)
    const run = task.run().catch(onFailure)
    this.runs.add(run)
    void run.finally(() => this.runs.delete(run))
  }

  /** Gives a task up that the group has given to another. */
  release(number: number): void {
    this.tasks.get(number)?.revoke()
    this.tasks.delete(number)
  }

  /** The group has confirmed that we are a member. */
  confirm(): void {
    for (const confirm of this.confirmations.splice(0)) confirm()
  }

  noteSilence(silence_ms: number, now_ms: number, onError: (error: unknown) => void): void {
    for (const task of this.tasks.values()) task.noteSilence(silence_ms, now_ms).catch(onError)
  }

  /** Nothing more is begun. Resolves when what was under way has ended. */
  async revoke(): Promise<void> {
    for (const task of this.tasks.values()) task.revoke()
    await Promise.all(this.runs)
  }

  status(): TaskStatus[] {
    return this.sorted().map(([, task]) => task.status())
  }

  counters(): StageCounters {
    const processor: Record<string, number> = {}
    for (const task of this.tasks.values()) {
      for (const [name, count] of Object.entries(task.processorCounters()))
        processor[name] = (processor[name] ?? 0) + count
    }
    const tasks = this.sorted().map(([number, task]) => {
      return { task: number, processor: task.processorCounters(), ...task.counters }
    })
    return { tasks, processor }
  }

  private sorted(): [number, Task][] {
    return [...this.tasks].sort(([a], [b]) => a - b)
  }
}
