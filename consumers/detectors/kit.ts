import type { z } from 'zod'
import { CUE_CLASSES, type CueClass } from '../../lib/sketch/cues.ts'
import type { Block, Fingerprint, FingerprintWindow } from '../../schemas/types.ts'

/** What a campaign may be after, as alerts name it. */
export type Objective = CueClass | 'logprobs' | 'general'

/** What a detector found in one fingerprint. Evidence, never a verdict. */
export type Finding =
  | { readonly outcome: 'insufficient_data'; readonly n: number }
  | { readonly outcome: 'no_hit'; readonly n: number; readonly observed: number }
  | {
      readonly outcome: 'hit'
      /** Sample size: requests looked at. */
      readonly n: number
      readonly observed: number
      /** What is usual, where that is known. */
      readonly baseline: number | null
      /** Null for a stated rule; otherwise calibrated against the account's segment. */
      readonly p_value: number | null
      /** Short identifier of what was found; no customer text. */
      readonly reason: string
      /** Hash of the instruction span concerned, if one is. */
      readonly object?: number
      readonly objectives: readonly Objective[]
    }

/**
 * A detector: one file, one line in `index.ts`, one fixture with traffic it must catch and traffic it must not
 * (docs/detectors.md). `evaluate` is pure: a function of the fingerprint and the settings. An exception, or a result that
 * is no finding, is an outcome of its own, `error`, and stops nobody else.
 */
export interface Detector<Settings extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly version: number
  readonly block: Block
  /** Rule metadata in the manner of Sigma (https://sigmahq.io). */
  readonly rule: {
    readonly id: string
    readonly title: string
    /** An experimental detector runs in shadow unless the settings say otherwise. */
    readonly status: 'experimental' | 'test' | 'stable'
    readonly level: 'low' | 'medium' | 'high' | 'critical'
    readonly falsepositives: readonly string[]
    readonly references: readonly string[]
  }
  /** Which of the account's windows it looks at. */
  readonly window: WindowName
  /** True only for an exact rule whose false-positive rate is practically zero: it supports an account alert alone. */
  readonly standalone: boolean
  readonly settings: Settings
  evaluate(fingerprint: Fingerprint, settings: z.infer<Settings>): Finding
}

/** Declares a detector with its settings typed. */
export function defineDetector<Settings extends z.ZodObject>(detector: Detector<Settings>): Detector<Settings> {
  return detector
}

const WINDOWS = ['5min', '1h', '24h'] as const
export type WindowName = (typeof WINDOWS)[number]

/** One of the sliding windows of a fingerprint. */
export function windowOf(fingerprint: Fingerprint, name: WindowName): FingerprintWindow {
  const index = WINDOWS.indexOf(name)
  // Written once for all lengths in which the account did the same.
  const length = fingerprint.lengths[index] ?? null
  const window = fingerprint.windows[length?.place ?? index]
  if (window && length) return { ...window, window_ms: length.window_ms }
  if (!window) throw new Error(`fingerprint of hop ${fingerprint.hop} has no ${name} window`)
  return window
}

/** True when the cue bits of a span hold the class. */
export function hasCue(cues: number, cue: CueClass): boolean {
  return (cues & (1 << CUE_CLASSES.indexOf(cue))) !== 0
}

/** Part of a whole; 0 of nothing. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
