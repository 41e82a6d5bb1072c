import { isKafkaError } from './client.ts'
import { BrokerUnavailable } from './errors.ts'
import { isCoordinatorMoving, isUnreachable, rootOf } from './protocol-error.ts'

/**
 * True for trouble that may pass without anybody's doing: brokers that are away, restart, or hand leadership over. A
 * refusal, such as for want of rights or for a record that is too large, comes back however often it is tried.
 */
export function isOutage(error: unknown): boolean {
  const root = rootOf(error instanceof BrokerUnavailable ? error.cause : error)
  if (!isKafkaError(root)) return false
  if (isUnreachable(root) || isCoordinatorMoving(root)) return true
  return root.type !== undefined && root.retriable === true
}

/** Brings a limit to how long trouble may last that is expected to pass. */
export class Outage {
  private readonly max_ms: number
  private readonly now: () => number
  private since_ms: number | null = null

  constructor(max_ms: number, now: () => number) {
    this.max_ms = max_ms
    this.now = now
  }

  /** Notes a failure; false when the first one since `end` is longer ago than the limit. */
  mayPass(): boolean {
    this.since_ms ??= this.now()
    return this.now() - this.since_ms < this.max_ms
  }

  get isOngoing(): boolean {
    return this.since_ms !== null
  }

  /** Something has worked again. */
  end(): void {
    this.since_ms = null
  }
}
