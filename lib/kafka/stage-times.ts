import { UsageError } from '../ops/errors.ts'

/** Times by which a consumer of a stage stays in its group. */
export interface StageTimes {
  readonly sessionTimeout_ms: number
  readonly heartbeat_ms: number
  readonly fetchWait_ms: number
}

const SESSION_TIMEOUT_MS = 30_000
const FETCH_WAIT_MS = 300
const HEARTBEAT_MS = 3_000

/**
 * Fills in the defaults. Throws UsageError where a fetch may wait as long as the session lasts: kafkajs sends its heartbeats
 * between fetches, so that with nothing new to read every session would end.
 */
export function stageTimes(settings: { sessionTimeout_ms?: number; fetchWait_ms?: number }): StageTimes {
  const { sessionTimeout_ms = SESSION_TIMEOUT_MS, fetchWait_ms = FETCH_WAIT_MS } = settings
  if (fetchWait_ms >= sessionTimeout_ms) {
    throw new UsageError(
      `fetchWait_ms is ${fetchWait_ms} and sessionTimeout_ms is ${sessionTimeout_ms}: no heartbeat is sent while a fetch waits, so an idle consumer would lose its tasks again and again; set fetchWait_ms below a third of the session, or kafka.session_timeout_ms higher`,
    )
  }
  return { sessionTimeout_ms, fetchWait_ms, heartbeat_ms: Math.min(HEARTBEAT_MS, Math.floor(sessionTimeout_ms / 4)) }
}
