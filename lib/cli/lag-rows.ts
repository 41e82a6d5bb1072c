import type { TaskLag } from '../kafka/lag-watch.ts'
import type { RestoreProgress } from '../kafka/restore.ts'
import type { LagState } from '../stream/lag-state.ts'
import type { Column } from './output.ts'
import { restoreText, type TaskHolder, TaskHolders } from './task-holders.ts'

/** One partition of one input of one task: a line of `hydrawatch lag`, and with `--json` an object with these fields. */
export interface LagRow {
  readonly observed_at: string
  readonly groupId: string
  readonly stage: string
  readonly task: number
  readonly topic: string
  readonly partition: number
  readonly committed: number | null
  readonly end: number
  readonly lag: number
  /** Records that retention deleted before they were read. */
  readonly gap: number
  /** Whether a process holds the task; null while the group deals its tasks anew. */
  readonly held: boolean | null
  readonly hop: number | null
  readonly event_time: string | null
  readonly event_time_lag_ms: number | null
  readonly age_ms: number | null
  readonly state: LagState
  /** Writers of this topic (or, on a source, partitions of it) that the task's next hop still needs. */
  readonly waits_for: readonly number[]
  readonly blind_ms: number | null
  /** Of the processes that were asked the one that holds the task, and what it says of it; null when none says so. */
  readonly process: string | null
  readonly task_state: string | null
  /** How far its restore is; null when none is known to be under way. */
  readonly restore: RestoreProgress | null
}

const NOBODY = new TaskHolders([])

/** `holders`: by what processes say that were asked. */
export function lagRows(tasks: readonly TaskLag[], now_ms: number, holders = NOBODY): LagRow[] {
  const observed_at = new Date(now_ms).toISOString()
  return tasks.flatMap(({ inputs, note, waitsFor, isHeld, ...task }) => {
    const holder = holders.of(task)
    return inputs.map(({ topic, partition, committed, end, lag, gap, role }): LagRow => {
      const waits = waitsFor.filter(
        (part) => part.topic === topic && (role === 'source' || part.partition === partition),
      )
      return {
        observed_at,
        groupId: task.groupId,
        stage: task.stage,
        task: task.task,
        topic,
        partition,
        committed,
        end,
        lag,
        gap,
        held: isHeld,
        hop: note?.hop ?? null,
        event_time: note && new Date(note.event_time_ms).toISOString(),
        event_time_lag_ms: task.eventTimeLag_ms,
        age_ms: task.age_ms,
        state: task.state,
        waits_for: waits.map((part) => part.writer ?? part.partition),
        blind_ms: task.blind_ms,
        process: holder?.process ?? null,
        task_state: holder?.state ?? null,
        restore: holder?.restore ?? null,
      }
    })
  })
}

export const LAG_COLUMNS: readonly Column<LagRow>[] = [
  { title: 'stage', value: ({ stage }) => stage },
  { title: 'topic', value: ({ topic }) => topic },
  { title: 'partition', value: ({ partition }) => partition },
  { title: 'committed', value: ({ committed }) => committed ?? 'never' },
  { title: 'end', value: ({ end }) => end },
  { title: 'lag', value: ({ lag }) => lag },
  { title: 'gap', value: ({ gap }) => gap },
  { title: 'hop', value: ({ hop }) => hop ?? '-' },
  { title: 'behind', value: ({ event_time_lag_ms }) => seconds(event_time_lag_ms) },
  { title: 'age', value: ({ age_ms }) => seconds(age_ms) },
  { title: 'state', value: ({ state }) => state },
  { title: 'waits for', value: ({ waits_for }) => waits_for.join(' ') },
]

/** The same, beside how far restores are. */
export function restoreColumns(holders: TaskHolders): readonly Column<LagRow>[] {
  return [...LAG_COLUMNS, { title: 'restore', value: (row) => restoreText(holders.of(row)) }]
}

/** What somebody who is paged must not overlook, in sentences; empty when there is nothing. */
export function lagWarnings(tasks: readonly TaskLag[], holders = NOBODY): string[] {
  const lines: string[] = []
  for (const { stage, task, groupId, blind_ms, state, isHeld, inputs } of tasks) {
    if (blind_ms !== null) {
      const holder = holders.of({ groupId, task })
      const who = isHeld === false ? 'no process holds it' : `it is ${isRestoring(holder) ? 'restoring' : state}`
      lines.push(`blind for ${seconds(blind_ms)} on partition ${task}: others wait for ${stage} ${task}, and ${who}`)
    }
    for (const { topic, partition, gap } of inputs) {
      if (gap > 0)
        lines.push(
          `gap of ${gap} records: ${stage} ${task} had not read them when retention deleted them from ${topic} ${partition}`,
        )
    }
  }
  for (const [stage, idle] of unheld(tasks)) lines.push(`no process holds ${stage} ${idle.join(', ')}`)
  return lines
}

function isRestoring(holder: TaskHolder | null): boolean {
  return holder?.state === 'restoring'
}

function unheld(tasks: readonly TaskLag[]): Map<string, number[]> {
  const byStage = new Map<string, number[]>()
  for (const { stage, task, isHeld } of tasks) {
    if (isHeld === false) byStage.set(stage, [...(byStage.get(stage) ?? []), task])
  }
  return byStage
}

function seconds(time_ms: number | null): string {
  return time_ms === null ? '-' : `${Math.round(time_ms / 1_000)} s`
}
