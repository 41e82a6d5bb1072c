import type { HeldTask, ProcessLook } from '../monitor/state-reader.ts'

/** A task, and the process that says it holds it. */
export interface TaskHolder extends HeldTask {
  readonly process: string
}

/** Finds who holds a task, by what processes have said of themselves. */
export class TaskHolders {
  private readonly byTask = new Map<string, TaskHolder>()

  constructor(looks: readonly ProcessLook[]) {
    for (const { process, tasks } of looks) {
      for (const held of tasks) {
        const key = keyOf(held)
        // While a task moves, two may say that they hold it: the one that restores it is its next owner.
        if (this.byTask.has(key) && held.state !== 'restoring') continue
        this.byTask.set(key, { ...held, process })
      }
    }
  }

  /** Null when no process that was asked says that it holds the task. */
  of(task: Pick<HeldTask, 'groupId' | 'task'>): TaskHolder | null {
    return this.byTask.get(keyOf(task)) ?? null
  }
}

/** How far a restore is, in a few words; `-` when none is under way. */
export function restoreText(holder: TaskHolder | null): string {
  if (holder === null) return 'unknown'
  const { state, restore } = holder
  if (state === 'running') return '-'
  if (restore === null) return state
  const { accounts, bytes, remaining } = restore
  const read = accounts === null ? sizeText(bytes) : `${accounts} accounts, ${sizeText(bytes)}`
  return `${read}, ${remaining} offsets to go`
}

function sizeText(size_bytes: number): string {
  if (size_bytes < 1e3) return `${size_bytes} B`
  return size_bytes < 1e6 ? `${Math.round(size_bytes / 1e3)} kB` : `${(size_bytes / 1e6).toFixed(1)} MB`
}

function keyOf({ groupId, task }: Pick<HeldTask, 'groupId' | 'task'>): string {
  return `${groupId}/${task}`
}
