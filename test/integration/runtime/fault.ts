import { readSync } from 'node:fs'
import type { CommitPoint } from './faults.ts'

/** Of the pipe that a blocked process waits on. */
const RESUME_FD = 3

/** Where a member is stopped in its tracks: at the n-th time that it comes to a point of a commit, or while it restores. */
export interface Fault {
  readonly point: CommitPoint | 'restore'
  /** @default 1 */
  readonly occurrence?: number
  /** SIGKILL, SIGSTOP, or a read that blocks the event loop; the last two until it is resumed. */
  readonly does: 'kill' | 'stop' | 'block'
}

/** To be called at each point that this process comes to; `onFault` is told before the process meets its fault, once. */
export function faultOf(
  { point, occurrence = 1, does }: Fault,
  onFault: () => void,
): (reached: Fault['point']) => void {
  let occurrences = 0
  return (reached) => {
    if (reached !== point) return
    occurrences += 1
    if (occurrences !== occurrence) return
    onFault()
    if (does === 'kill') process.kill(process.pid, 'SIGKILL')
    else if (does === 'stop') process.kill(process.pid, 'SIGSTOP')
    else readSync(RESUME_FD, Buffer.alloc(1))
  }
}
