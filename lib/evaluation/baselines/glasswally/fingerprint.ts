import type { AccountWindow } from './account-window.ts'
import type { Signal } from './signal.ts'

const ROTATION_MIN = 3
const SHARED_MIN = 10

/**
 * Client tuples: three or more of one account, or one that ten accounts have, which stands for an equal TLS hello and an equal order
 * of headers (glasswally/src/workers/fingerprint.rs). Its lists of hellos, headers and browser names need what no record holds.
 */
export class Fingerprints {
  private readonly holders = new Map<number, Set<string>>()
  private readonly tuples_max: number

  constructor(tuples_max: number) {
    this.tuples_max = tuples_max
  }

  add(account_id: string, tuple_hash: number | null, { clients, entries }: AccountWindow): Signal {
    const rotation = clients.size >= ROTATION_MIN ? 0.2 : 0
    const shared = tuple_hash !== null && this.hold(tuple_hash, account_id) >= SHARED_MIN ? 0.15 + 0.2 : 0
    const confidence = Math.min(entries.length / 20, 1)
    return { score: (rotation + shared) * (0.4 + 0.6 * confidence), confidence }
  }

  private hold(tuple_hash: number, account_id: string): number {
    const holders = this.holders.get(tuple_hash) ?? new Set()
    if (holders.size === 0 && this.holders.size >= this.tuples_max) return 0
    if (holders.size < SHARED_MIN) this.holders.set(tuple_hash, holders.add(account_id))
    return holders.size
  }
}
