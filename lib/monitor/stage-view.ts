import type { StageCounters, StageStatus } from '../kafka/stage-status.ts'
import type { InputStatus, TaskStatus } from '../kafka/task-status.ts'
import type { MissingPart } from '../stream/assembler.ts'
import { type LagLook, type LagState, lagState } from '../stream/lag-state.ts'

/** One stage of this process at one moment: what every page of the monitor is made of. */
export interface StageView {
  readonly status: StageStatus
  readonly counters: StageCounters
  readonly tasks: readonly TaskView[]
}

export interface TaskView extends TaskStatus {
  readonly lagState: LagState
  /** How far the end of the last closed hop is behind the clock; null before the first. */
  readonly eventTimeLag_ms: number | null
  readonly lastCommit_ms: number | null
  readonly inputs: readonly InputView[]
}

export interface InputView extends InputStatus {
  /** Records that no closed hop holds, and records not read; null where an offset or the end is not known yet. */
  readonly lag: number | null
  readonly unread: number | null
}

export function stageView(status: StageStatus, counters: StageCounters, now_ms: number, due_ms: number): StageView {
  return { status, counters, tasks: status.tasks.map((task) => taskView(task, now_ms, due_ms)) }
}

function taskView(task: TaskStatus, now_ms: number, due_ms: number): TaskView {
  const inputs = task.offsets.map((input) => {
    return { ...input, lag: behind(input.end, input.committed), unread: behind(input.end, input.next) }
  })
  const { marks, since_ms, hopEnd_ms } = task
  const work = workOf(task, inputs)
  return {
    ...task,
    // A process can only ask itself about tasks that it holds.
    lagState: lagState({ marks, now_ms, watched_ms: now_ms - since_ms, work, isHeld: true, due_ms }),
    eventTimeLag_ms: hopEnd_ms === null ? null : Math.max(0, now_ms - hopEnd_ms),
    lastCommit_ms: marks.at(-1)?.committed_ms ?? null,
    inputs,
  }
}

function workOf({ state, isReady, missing }: TaskStatus, inputs: readonly InputView[]): LagLook['work'] {
  if (state !== 'running' || isReady) return 'due'
  // What is missing may have come and is not read yet.
  const own = missing.flatMap((part) => inputs.filter((input) => isIn(part, input)))
  if (own.some(({ unread }) => unread !== null && unread > 0)) return 'due'
  return missing.some((part) => part.writer !== null || !inputs.some((input) => isIn(part, input))) ? 'waits' : 'none'
}

function isIn(part: MissingPart, { topic, partition }: InputStatus): boolean {
  return part.topic === topic && part.partition === partition
}

function behind(end: number | null, offset: number | null): number | null {
  return end === null || offset === null ? null : Math.max(0, end - offset)
}
