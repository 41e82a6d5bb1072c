import { SILENT, type Signal, step, variation } from './signal.ts'

const LOOKBACK_S = 300
const BURST_ACCOUNTS = 5
const STRONG_ACCOUNTS = 12
const BURSTS_MIN = 3

/** Five or more accounts within a second, the more so when that recurs within five minutes (glasswally/src/workers/timing_cluster.rs). */
export class Synchrony {
  private readonly seconds = new Map<number, Set<string>>()

  add(account_id: string, time_ms: number): Signal {
    const second = Math.floor(time_ms / 1_000)
    const accounts = this.seconds.get(second) ?? new Set()
    this.seconds.set(second, accounts.add(account_id))
    this.forget(second)
    if (accounts.size < BURST_ACCOUNTS) return SILENT
    const bursts = this.burstsBefore(second)
    let score = Math.min((0.5 * (accounts.size - BURST_ACCOUNTS)) / (STRONG_ACCOUNTS - BURST_ACCOUNTS), 0.5)
    if (bursts.length >= BURSTS_MIN) score += 0.3 + cadence(bursts.sort((a, b) => a - b))
    return { score, confidence: Math.min(accounts.size / STRONG_ACCOUNTS, 1) }
  }

  private burstsBefore(second: number): number[] {
    const bursts: number[] = []
    for (const [at, { size }] of this.seconds) if (at < second && size >= BURST_ACCOUNTS) bursts.push(at)
    return bursts
  }

  private forget(now: number): void {
    for (const at of this.seconds.keys()) {
      if (at >= now - LOOKBACK_S) break
      this.seconds.delete(at)
    }
  }
}

function cadence(bursts: readonly number[]): number {
  const gaps = bursts.slice(1).map((at, n) => at - bursts[n]!)
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  return mean > 1 ? step(1 - variation(gaps), [0.85, 0.2], [0.65, 0.1]) : 0
}
