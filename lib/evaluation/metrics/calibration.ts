import { type Proportion, proportion } from './proportion.ts'
import type { Verdict } from './verdicts.ts'

export interface ReliabilityBin {
  /** Scores from this, up to the next tenth. */
  readonly from: number
  readonly mean_score: number
  /** Findings of which most accused accounts are malicious. */
  readonly right: Proportion
}

export interface Calibration {
  readonly bins: readonly ReliabilityBin[]
  /** Expected calibration error over ten bins of equal width, weighted by findings; null without any. */
  readonly ece: number | null
}

const BINS = 10

/** Whether a finding's score is the probability that it is right; by its last state that accuses anybody. */
export function calibration(verdicts: readonly Verdict[]): Calibration {
  const last = new Map<string, Verdict>()
  for (const verdict of verdicts) {
    if (verdict.finding.accounts.length > 0) last.set(verdict.finding.finding_id, verdict)
  }
  const binned = new Map<number, Verdict[]>()
  for (const verdict of last.values()) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(verdict.finding.score * BINS)))
    binned.set(bin, [...(binned.get(bin) ?? []), verdict])
  }
  const bins = [...binned]
    .sort(([a], [b]) => a - b)
    .map(([bin, own]) => ({
      from: bin / BINS,
      mean_score: own.reduce((sum, { finding }) => sum + finding.score, 0) / own.length,
      right: proportion(own.filter(({ isFalse }) => !isFalse).length, own.length),
    }))
  const gap = bins.reduce((sum, { right, mean_score }) => sum + right.trials * Math.abs(right.rate! - mean_score), 0)
  return { bins, ece: last.size === 0 ? null : gap / last.size }
}
