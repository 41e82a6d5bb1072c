import type { CommittedHop } from '../../kafka/task-status.ts'

/**
 * The delay from a hop being cut, which is when the last source found it complete, to the commit of its alerts. Fed with
 * every committed hop of every stage.
 */
export class HopDelay {
  private readonly cut_ms = new Map<number, number>()
  private readonly delays_ms: number[] = []

  note({ stage, hop, taken_ms, committed_ms }: Omit<CommittedHop, 'process_ms' | 'transaction_ms'>): void {
    if (stage === 'fingerprints') this.cut_ms.set(hop, Math.max(this.cut_ms.get(hop) ?? 0, taken_ms))
    const cut_ms = this.cut_ms.get(hop)
    if (stage !== 'campaigns' || cut_ms === undefined) return
    this.delays_ms.push(committed_ms - cut_ms)
    this.cut_ms.delete(hop)
  }

  /** The q-quantile, 0..1, by nearest rank; null before the first hop. */
  quantile_ms(q: number): number | null {
    const sorted = [...this.delays_ms].sort((a, b) => a - b)
    return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null
  }

  hops(): number {
    return this.delays_ms.length
  }
}
