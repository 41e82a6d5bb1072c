import { z } from 'zod'
import { DETECTORS } from './index.ts'
import type { Detector } from './kit.ts'

/** active: its signals count. shadow: they are recorded and counted, and move no score. off: it does not run. */
const MODES = ['active', 'shadow', 'off'] as const

function settingsOf(detector: Detector) {
  const mode = z
    .enum(MODES)
    .default(detector.rule.status === 'experimental' ? 'shadow' : 'active')
    .describe('active, shadow (recorded, moves no score) or off')
  return detector.settings.extend({ mode }).prefault({})
}

/** One section per detector, by its name. */
export const detectorsSettings = z.strictObject(
  Object.fromEntries(DETECTORS.map((detector) => [detector.name, settingsOf(detector)])),
)

/** By detector name: its `mode` and its own settings, which only the detector knows. */
export type DetectorsSettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>
