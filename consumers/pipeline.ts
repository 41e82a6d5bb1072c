import type { Stage } from '../lib/stream/stage.ts'
import { campaignsSettings } from './campaigns/settings.ts'
import { campaignsStage } from './campaigns/stage.ts'
import { DETECTORS } from './detectors/index.ts'
import { type DetectorsSettings, detectorsSettings } from './detectors/settings.ts'
import { detectorsStage } from './detectors/stage.ts'
import { enforcementSettings } from './enforcement/settings.ts'
import { enforcementStage } from './enforcement/stage.ts'
import { fingerprintsSettings } from './fingerprints/settings.ts'
import { fingerprintsStage } from './fingerprints/stage.ts'
import { linkageSettings } from './linkage/settings.ts'
import { linkageStage } from './linkage/stage.ts'

/** The pipeline's sections of the configuration, one per stage. */
export const pipelineSettings = {
  fingerprints: fingerprintsSettings.prefault({}),
  detectors: detectorsSettings.prefault({}),
  linkage: linkageSettings.prefault({}),
  campaigns: campaignsSettings.prefault({}),
  enforcement: enforcementSettings.prefault({}),
}

/** Settings of all stages, checked. */
export interface PipelineSettings {
  readonly fingerprints: Parameters<typeof fingerprintsStage>[0]
  readonly detectors: DetectorsSettings
  readonly linkage: Parameters<typeof linkageStage>[0]
  readonly campaigns: Parameters<typeof campaignsStage>[0]
  readonly enforcement: Parameters<typeof enforcementStage>[0]
}

export const STAGE_NAMES = ['fingerprints', 'detectors', 'linkage', 'campaigns', 'enforcement'] as const

/** The stages in flow order. `config_hash` names the settings that affect detection, for the alerts. */
export function pipelineStages(settings: PipelineSettings, config_hash: string): Stage[] {
  return [
    fingerprintsStage(settings.fingerprints),
    detectorsStage(DETECTORS, settings.detectors),
    linkageStage(settings.linkage),
    campaignsStage(settings.campaigns, config_hash),
    enforcementStage(settings.enforcement),
  ]
}
