import type { RestoreProgress } from '../kafka/restore.ts'
import type { StageStatus } from '../kafka/stage-status.ts'

export interface Health {
  readonly status: 'ok' | 'failed'
  /** Why not, one sentence each; empty when it is ok. */
  readonly reasons: readonly string[]
}

export interface HealthLook {
  readonly now_ms: number
  /** Names of the stages that this process was asked to run. */
  readonly expected: readonly string[]
  /** Those that have been started. */
  readonly stages: readonly StageStatus[]
  readonly eventLoopDelay_ms: number
}

const EVENT_LOOP_DELAY_MAX_MS = 10_000
// A join waits for the other members, 45 s at the most, and hears nothing meanwhile.
const SILENCE_MIN_MS = 60_000
const SESSIONS_MAX = 2

/**
 * Whether a restart would help. Restoring is live. So is waiting for brokers that are away: a new process would wait, too,
 * and read its state back on top of it; the runtime gives up by itself.
 */
export function liveness({ now_ms, stages, eventLoopDelay_ms }: HealthLook): Health {
  const reasons: string[] = []
  if (eventLoopDelay_ms >= EVENT_LOOP_DELAY_MAX_MS) {
    reasons.push(`the event loop was blocked for ${seconds(eventLoopDelay_ms)} s`)
  }
  for (const { stage, isOver, isAway, lastHeard_ms, sessionTimeout_ms } of stages) {
    if (isOver) {
      reasons.push(`${stage} has stopped or failed`)
      continue
    }
    const silence_ms = now_ms - lastHeard_ms
    if (!isAway && silence_ms >= Math.max(SESSIONS_MAX * sessionTimeout_ms, SILENCE_MIN_MS)) {
      reasons.push(`${stage} has heard nothing from the broker for ${seconds(silence_ms)} s`)
    }
  }
  return healthOf(reasons)
}

/** Whether it does its work: every stage has joined its group, and every task that it was given runs. */
export function readiness(look: HealthLook): Health {
  const reasons = [...liveness(look).reasons]
  for (const name of look.expected) {
    const status = look.stages.find(({ stage }) => stage === name)
    if (!status) reasons.push(`${name} has not been started yet`)
    else if (status.generation === 0) reasons.push(`${name} has not joined its group yet`)
    else if (status.isAway) reasons.push(`${name} waits for brokers that are away`)
  }
  for (const { stage, tasks } of look.stages) {
    for (const { task, state, restore } of tasks) {
      if (state !== 'running') reasons.push(`${stage} ${task} is ${state}${restore ? howFar(restore) : ''}`)
    }
  }
  return healthOf(reasons)
}

function howFar({ accounts, remaining }: RestoreProgress): string {
  return `${accounts === null ? '' : `, ${accounts} accounts so far`}, ${remaining} offsets to go`
}

function healthOf(reasons: readonly string[]): Health {
  return { status: reasons.length === 0 ? 'ok' : 'failed', reasons }
}

function seconds(time_ms: number): number {
  return Math.round(time_ms / 1_000)
}
