/**
 * How one task is doing, without thresholds, in the manner of Burrow
 * (https://github.com/linkedin/Burrow/wiki/Consumer-Lag-Evaluation-Rules).
 * - `ok`: keeps up, has nothing to do, waits for others, or is catching up.
 * - `lagging`: commits, but never reads up, and is no closer than it was.
 * - `stalled`: a process holds it, there is work, and nothing comes of it.
 * - `stopped`: there is work and no process holds it.
 * - `rewound`: its last closed hop went back; state was lost.
 * - `unknown`: not enough has been seen to tell.
 */
export type LagState = (typeof LAG_STATES)[number]

export const LAG_STATES = ['ok', 'lagging', 'stalled', 'stopped', 'rewound', 'unknown'] as const

/** One commit of a task, as seen once. */
export interface ProgressMark {
  /** When it was committed, epoch ms. */
  readonly committed_ms: number
  /** Last hop closed; null when the commit does not say. */
  readonly hop: number | null
  /** Committed offsets, summed over the inputs that the task reads hop by hop. */
  readonly offset: number
  /** Records behind those offsets when the commit was seen. */
  readonly lag: number
  /** The task had read what there was and closed what was complete. The records of the open hop do not count against it. */
  readonly isCaughtUp: boolean
}

export interface LagLook {
  /** Oldest first, as `addMark` keeps them. */
  readonly marks: readonly ProgressMark[]
  readonly now_ms: number
  /** For how long the marks have been collected. 0: this is the first look. */
  readonly watched_ms: number
  /** Whether the task could do anything now: nothing is there, only others can help, or it is the task's turn. */
  readonly work: 'none' | 'waits' | 'due'
  /** Whether a process holds the task; null while the group deals its tasks anew. */
  readonly isHeld: boolean | null
  /** The longest that a live task which keeps up takes from one commit to the next: it follows from the hop settings. */
  readonly due_ms: number
}

/** As many commits as Burrow looks back on. */
export const MARKS_MAX = 10
// Two steps are the least in which a trend differs from a single accident.
const MARKS_FOR_TREND_MIN = 3

/** The window with one commit more, or the same window when the commit is known. */
export function addMark(marks: readonly ProgressMark[], mark: ProgressMark): readonly ProgressMark[] {
  const last = marks.at(-1)
  if (last && last.committed_ms === mark.committed_ms && last.hop === mark.hop && last.offset === mark.offset) {
    return marks
  }
  return [...marks, mark].slice(-MARKS_MAX)
}

/**
 * Burrow's rules in Burrow's order, with two differences. Its clients commit on a timer, so that commits without progress
 * tell "alive but stuck" from "gone"; ours commit progress alone, so membership of the group tells the two apart. And a
 * rewind counts even when the lag is gone: it means that state was lost.
 */
export function lagState({ marks, now_ms, watched_ms, work, isHeld, due_ms }: LagLook): LagState {
  if (marks.some((mark, index) => index > 0 && isRewind(marks[index - 1]!, mark))) return 'rewound'
  if (work !== 'due') return 'ok'
  if (isHeld === false) return 'stopped'
  const [first, last] = [marks[0], marks.at(-1)]
  if (!first || !last) return watched_ms > due_ms ? 'stalled' : 'unknown'
  // Silent for longer than the whole window took, and than a commit may take at all. With one commit the window says
  // nothing about the pace, so that only what was watched counts.
  const silence_ms = now_ms - last.committed_ms
  const isSilent =
    marks.length > 1
      ? silence_ms > Math.max(due_ms, last.committed_ms - first.committed_ms)
      : Math.min(silence_ms, watched_ms) > due_ms
  if (isSilent) return 'stalled'
  if (marks.some(({ isCaughtUp }) => isCaughtUp)) return 'ok'
  if (marks.length < MARKS_FOR_TREND_MIN) return 'unknown'
  if (last.lag < first.lag) return 'ok'
  return last.offset === first.offset ? 'stalled' : 'lagging'
}

/** Hops never go back. Offsets may, by the transaction markers behind a last record, so they speak only where no hop does. */
function isRewind(before: ProgressMark, after: ProgressMark): boolean {
  if (before.hop !== null && after.hop !== null) return after.hop < before.hop
  return after.offset < before.offset
}

/**
 * The longest from one commit to the next of a live task that keeps up: a hop's length, and what its cut waits for beyond
 * that, disorder or silence.
 */
export function commitDue_ms(hops: { length_ms: number; bound_ms: number; silence_ms: number }): number {
  return hops.length_ms + hops.bound_ms + hops.silence_ms
}
