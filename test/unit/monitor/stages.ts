import type { StageCounters, StageStatus } from '../../../lib/kafka/stage-status.ts'
import { newTaskCounters, type TaskCounters } from '../../../lib/kafka/task-counters.ts'
import type { InputStatus, TaskStatus } from '../../../lib/kafka/task-status.ts'

export const NOW_MS = 1_764_000_100_000
export const HOP_MS = 60_000

export function input(given: Partial<InputStatus> = {}): InputStatus {
  return { topic: 'requests', partition: 0, role: 'source', next: 10, committed: 10, end: 10, ...given }
}

/** A source task that runs, has closed a hop and has nothing to do. */
export function task(given: Partial<TaskStatus> = {}): TaskStatus {
  return {
    task: 0,
    state: 'running',
    hop: 100,
    hopEnd_ms: NOW_MS - 90_000,
    restore: null,
    buffered: 0,
    offsets: [input()],
    isReady: false,
    missing: [{ topic: 'requests', partition: 0, writer: null }],
    since_ms: NOW_MS - 600_000,
    marks: [],
    ...given,
  }
}

export function status(given: Partial<StageStatus> = {}): StageStatus {
  return {
    stage: 'fingerprints',
    groupId: 'hydrawatch.fingerprints',
    generation: 1,
    lastHeard_ms: NOW_MS,
    sessionTimeout_ms: 30_000,
    isAway: false,
    isOver: false,
    tasks: [task()],
    behind: [],
    ...given,
  }
}

export function counters(
  given: Partial<TaskCounters> = {},
  processor: Readonly<Record<string, number>> = {},
): StageCounters {
  return { tasks: [{ task: 0, processor, ...newTaskCounters(), ...given }], processor }
}
