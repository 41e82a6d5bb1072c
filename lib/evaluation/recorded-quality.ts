import type { Proportion } from './metrics/proportion.ts'
import type { Results } from './results.ts'

/** Figures of the pipeline in one part that later runs are held to. */
export interface RecordedPart {
  readonly part: string
  readonly events: number
  readonly campaigns_found: Pick<Proportion, 'hits' | 'trials' | 'low'>
  readonly false_clusters: { readonly events: number; readonly high: number | null }
  readonly benign_accused: Pick<Proportion, 'hits' | 'trials' | 'high'>
}

export interface RecordedQuality {
  readonly profile: string
  readonly seed: number
  readonly parts: readonly RecordedPart[]
}

export function recordOf({ profile, seed, parts }: Results): RecordedQuality {
  return {
    profile,
    seed,
    parts: parts.map(({ part, stream, scorecards }) => {
      const { campaigns, collateral } = scorecards[0]!
      return {
        part,
        events: stream.events,
        campaigns_found: {
          hits: campaigns.recall.hits,
          trials: campaigns.recall.trials,
          low: campaigns.recall.low,
        },
        false_clusters: { events: campaigns.falseClusters.events, high: campaigns.falseClusters.high },
        benign_accused: {
          hits: collateral.backbone.hits,
          trials: collateral.backbone.trials,
          high: collateral.backbone.high,
        },
      }
    }),
  }
}

/**
 * What has become worse than recorded by more than noise: recall below the recorded interval's lower end, the rate of false
 * clusters or of accused ordinary accounts above the upper end. A part that is gone is worse; a new one is not judged.
 */
export function regressions(recorded: RecordedQuality, results: Results): string[] {
  return recorded.parts.flatMap((before) => {
    const now = results.parts.find(({ part }) => part === before.part)?.scorecards[0]
    if (!now) return [`${before.part}: not run`]
    const { recall, falseClusters } = now.campaigns
    const { backbone } = now.collateral
    const found = before.campaigns_found
    return [
      ...((recall.rate ?? 1) < found.low
        ? [`${before.part}: recall ${recall.rate}, at least ${found.low} expected`]
        : []),
      ...((falseClusters.rate ?? 0) > (before.false_clusters.high ?? Number.POSITIVE_INFINITY)
        ? [`${before.part}: ${falseClusters.rate} false clusters, at most ${before.false_clusters.high} expected`]
        : []),
      ...((backbone.rate ?? 0) > before.benign_accused.high
        ? [
            `${before.part}: ${backbone.rate} of ordinary accounts accused, at most ${before.benign_accused.high} expected`,
          ]
        : []),
    ]
  })
}
