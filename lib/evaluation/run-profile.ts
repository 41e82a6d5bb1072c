import type { PipelineSettings } from '../../consumers/pipeline.ts'
import type { SketchKeys } from '../sketch/request-sketch.ts'
import type { HopSettings } from '../stream/topology.ts'
import { methodsOf } from './methods.ts'
import { costCurve, type Trial } from './metrics/cost-curve.ts'
import type { Profile } from './profiles.ts'
import { type PartResults, partResults, type Results, trialsOf } from './results.ts'
import { runSimulatedPart } from './simulated-part.ts'

export interface RunOptions {
  readonly seed: number
  readonly settings: PipelineSettings
  readonly hops: HopSettings
  readonly config_hash: string
  readonly keys: SketchKeys
  readonly baselines: boolean
  /** With the whole public sets, and not the cuttings that ship. */
  readonly dataFolder: string | undefined
  readonly clock_ms: () => number
  /** Called and waited for between events, now and then: what it throws ends the run. */
  readonly onProgress: (part: string, events: number) => Promise<void>
}

/** Simulates and judges every part of a profile, one after the other. */
export async function runProfile(profile: Profile, options: RunOptions): Promise<Results> {
  const { seed, settings, hops, config_hash, keys, baselines, dataFolder, clock_ms } = options
  const parts: PartResults[] = []
  const trials: Trial[] = []
  const cost: Record<string, Record<string, number>> = {}
  for (const part of profile.parts) {
    const { days, accounts, rate, scenarios, isClosedLoop, isCompared } = part
    const enforced = { ...settings, enforcement: { ...settings.enforcement, mode: 'enforced' as const } }
    const began_ms = clock_ms()
    const result = await runSimulatedPart({
      simulation: { seed, days, accounts, rate, scenarios, dataFolder },
      keys,
      isClosedLoop,
      seed,
      clock_ms,
      methods: (onDecision) =>
        methodsOf({
          settings: isClosedLoop ? enforced : settings,
          hops,
          config_hash,
          isCompared,
          baselines,
          onDecision,
        }),
      onProgress: (events) => options.onProgress(part.name, events),
    })
    parts.push(partResults(part.name, part.summary, result))
    cost[part.name] = { ...result.seconds, 'everything with simulation': Math.round(clock_ms() - began_ms) / 1_000 }
    if (part.trialRate !== undefined) trials.push(...trialsOf(result, part.trialRate))
  }
  return { profile: profile.name, seed, config_hash, parts, cost_curve: costCurve(trials), cost }
}
