import type { TaskCounters } from './task-counters.ts'
import type { TaskStatus } from './task-status.ts'

export interface StageStatus {
  readonly stage: string
  readonly groupId: string
  /** Joins of the group so far, as seen from here. */
  readonly generation: number
  /** When the broker last answered a heartbeat or a fetch, epoch ms; before the first, when the stage was started. */
  readonly lastHeard_ms: number
  readonly sessionTimeout_ms: number
  /** The brokers are away and the stage waits for them, for as long as `outage_max_ms` allows. */
  readonly isAway: boolean
  /** The stage has stopped, is stopping, or has failed: it will not read again. */
  readonly isOver: boolean
  readonly tasks: readonly TaskStatus[]
  /** Sources that have closed less than the furthest one; empty for other stages. */
  readonly behind: readonly { readonly partition: number; readonly hops: number }[]
}

export interface StageCounters {
  /** Of each task; `processor` is what its processor counts, empty while there is none. */
  readonly tasks: readonly ({
    readonly task: number
    readonly processor: Readonly<Record<string, number>>
  } & TaskCounters)[]
  /** Counters of the processors, summed over the tasks held now. */
  readonly processor: Readonly<Record<string, number>>
}
