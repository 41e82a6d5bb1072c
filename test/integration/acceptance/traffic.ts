import { setTimeout as pause } from 'node:timers/promises'
import type { Publisher } from '../../../lib/kafka/publisher.ts'
import type { Request } from '../../../schemas/types.ts'
import { publishRequests, requestsOf } from '../runtime/harness.ts'

export interface Traffic {
  /** Last hop that has been written. */
  lastHop(): number
  /** Ends the traffic; what has been written, and its last hop. */
  end(): Promise<{ requests: Request[]; lastHop: number }>
}

const REQUESTS_PER_HOP = 200
const PACE_MS = 250

/** Writes hop after hop, some four in a second, until ended: what is disturbed is disturbed at work. */
export function startTraffic(publisher: Publisher, firstHop: number, { pace_ms = PACE_MS } = {}): Traffic {
  const requests: Request[] = []
  let lastHop = firstHop - 1
  let isOver = false
  const writing = (async () => {
    while (!isOver) {
      const next = requestsOf(lastHop + 1, REQUESTS_PER_HOP)
      await publishRequests(publisher, next)
      requests.push(...next)
      lastHop += 1
      await pause(pace_ms)
    }
  })()
  writing.catch(() => undefined)
  return {
    lastHop: () => lastHop,
    async end() {
      isOver = true
      await writing
      return { requests, lastHop }
    },
  }
}
