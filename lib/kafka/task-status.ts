import type { TopicName } from '../../schemas/topics.ts'
import type { MissingPart } from '../stream/assembler.ts'
import type { ProgressMark } from '../stream/lag-state.ts'
import type { StageInput } from '../stream/stage.ts'
import type { RestoreProgress } from './restore.ts'
import type { TaskState } from './task-state.ts'

export interface CommittedHop {
  readonly stage: string
  readonly task: number
  readonly hop: number
  /** When the hop was found complete, and when it was committed; epoch ms. */
  readonly taken_ms: number
  readonly committed_ms: number
  /** What the processor took for this hop, by a clock that does not go back. */
  readonly process_ms: number
  /** What the transaction took that committed it; null for all but the last hop of a transaction. */
  readonly transaction_ms: number | null
}

/** One partition of one input, as a task sees it. */
export interface InputStatus {
  readonly topic: TopicName
  readonly partition: number
  readonly role: StageInput['role']
  /** Offset to read next; null while the task does not read. */
  readonly next: number | null
  /** What the last commit of this process says; null before one. */
  readonly committed: number | null
  /** Offset behind the last record, as far as is known; null before the first fetch that brought something. */
  readonly end: number | null
}

export interface TaskStatus {
  readonly task: number
  readonly state: TaskState
  /** Last hop committed by or before this process; null before the first. */
  readonly hop: number | null
  /** How far a restore has come; null when none is under way. */
  readonly restore: RestoreProgress | null
  /** End of that hop, epoch ms. */
  readonly hopEnd_ms: number | null
  /** Records of hops that are not complete. */
  readonly buffered: number
  readonly offsets: readonly InputStatus[]
  /** A complete hop is there that has not been committed. */
  readonly isReady: boolean
  /** What the next hop still needs; a source that waits for other sources misses their next hop. */
  readonly missing: readonly MissingPart[]
  /** When the task became ours, epoch ms, and its last commits since then. */
  readonly since_ms: number
  readonly marks: readonly ProgressMark[]
}
