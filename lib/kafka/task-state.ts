import { InvariantViolated } from '../ops/errors.ts'

/**
 * Life of a task in this process. The same words stand in logs, metrics and `/statez`.
 * - `assigned`: ours by the group's word; holds nothing. Also after a failure, before the next attempt.
 * - `restoring`: older owners are fenced; the changelog is being read back.
 * - `running`: reads its inputs and commits hops.
 * - `revoked`: someone else's, or the process is stopping. The end.
 */
export type TaskState = 'assigned' | 'restoring' | 'running' | 'revoked'

/** docs/runtime.md draws them. */
export const LEGAL_MOVES: Readonly<Record<TaskState, readonly TaskState[]>> = {
  assigned: ['restoring', 'revoked'],
  restoring: ['running', 'assigned', 'revoked'],
  running: ['assigned', 'revoked'],
  revoked: [],
}

/** Returns the new state. Throws InvariantViolated for a move that the table does not have. */
export function moveTask(from: TaskState, to: TaskState): TaskState {
  if (!LEGAL_MOVES[from].includes(to)) throw new InvariantViolated(`a task can not move from ${from} to ${to}`)
  return to
}
