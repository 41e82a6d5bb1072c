const CLOSED_MS = 12 * 3_600_000
const REJECTIONS_MAX = 3

/**
 * How a customer takes being turned away (a card that expired, a dispute): it stops for half a day, and for good the third
 * time. Calls that were under way when the first of them was refused count once.
 */
export interface Door {
  /** Nobody knocks any more. */
  readonly isGivenUp: boolean
  isClosed(at_ms: number): boolean
  rejected(at_ms: number): void
}

export function createDoor(): Door {
  let rejections = 0
  let closed_until_ms = 0
  return {
    get isGivenUp() {
      return rejections >= REJECTIONS_MAX
    },
    isClosed: (at_ms) => at_ms < closed_until_ms,
    rejected(at_ms) {
      if (at_ms < closed_until_ms) return
      rejections++
      closed_until_ms = at_ms + CLOSED_MS
    },
  }
}
