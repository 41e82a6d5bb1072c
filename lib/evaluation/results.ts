import { canonicalJson } from '../ops/canonical-json.ts'
import type { BenchResult, StreamSummary } from './bench.ts'
import type { LevelCost, Trial } from './metrics/cost-curve.ts'
import type { Scorecard } from './scorecard.ts'

export interface PartResults {
  readonly part: string
  readonly summary: string
  readonly stream: StreamSummary
  readonly scorecards: readonly Scorecard[]
}

/** What an evaluation says. Everything but `cost` is a function of the input, the seed and the settings. */
export interface Results {
  readonly profile: string
  readonly seed: number
  readonly config_hash: string
  readonly parts: readonly PartResults[]
  readonly cost_curve: readonly LevelCost[]
  /** Processing seconds by part and method. */
  readonly cost: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** One spelling per result, so that runs can be compared byte for byte once `cost` is taken out. */
export function resultsText(results: Results): string {
  return `${canonicalJson(JSON.parse(JSON.stringify(results)))}\n`
}

export function partResults(part: string, summary: string, { stream, scorecards }: BenchResult): PartResults {
  return { part, summary, stream, scorecards }
}

/** The campaigns of a part as trials of one pace, by what the pipeline found of them. */
export function trialsOf({ truth, scorecards }: BenchResult, rate: number): Trial[] {
  const leaks = new Map(scorecards[0]!.leakage.map((leak) => [leak.campaign_id, leak]))
  return truth.campaigns.map(({ campaign_id, level, accounts, exchanges }) => ({
    level: level ?? 0,
    rate,
    throughput: exchanges.length / accounts.length / Math.max(1e-9, (truth.end_ms - truth.start_ms) / 86_400_000),
    isFound: leaks.get(campaign_id)!.found.after_ms !== null,
  }))
}
