import type { Entry } from './account-window.ts'
import { SILENT, type Signal, step } from './signal.ts'

const REQUESTS_MIN = 5
/** More holders of a system prompt than the scale tells apart. */
const HOLDERS_MAX = 10

/**
 * A system prompt that the account repeats, or that other accounts have too (glasswally/src/workers/role_preamble.rs). Its
 * patterns of roles and of task lists are left out: the reasoning signal's cues have looked at the same text.
 */
export class Preambles {
  private readonly holders = new Map<number, Set<string>>()
  private readonly preambles_max: number

  constructor(preambles_max: number) {
    this.preambles_max = preambles_max
  }

  add(account_id: string, { system_hash }: Entry, day: readonly Entry[]): Signal {
    if (system_hash === null) return SILENT
    const known = day.filter((entry) => entry.system_hash !== null)
    const same = known.filter((entry) => entry.system_hash === system_hash).length
    const reuse = known.length < REQUESTS_MIN ? 0 : step(same / known.length, [0.8, 0.35], [0.6, 0.2])
    const shared = step(this.hold(system_hash, account_id), [10, 0.5], [5, 0.35], [3, 0.18])
    if (reuse + shared < 0.15) return SILENT
    return { score: reuse + shared, confidence: shared > 0 ? 0.9 : 0.75 }
  }

  private hold(system_hash: number, account_id: string): number {
    const holders = this.holders.get(system_hash) ?? new Set()
    if (holders.size === 0 && this.holders.size >= this.preambles_max) return 0
    if (holders.size < HOLDERS_MAX) this.holders.set(system_hash, holders.add(account_id))
    return holders.size
  }
}
