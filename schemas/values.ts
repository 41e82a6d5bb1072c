import type { TopicName } from './topics.ts'
import type {
  Account,
  Alert,
  Campaign,
  CampaignState,
  DeadLetter,
  Decision,
  DetectorState,
  EnforcementState,
  Fingerprint,
  FingerprintState,
  HopCut,
  LinkageState,
  LinkBatch,
  ModelRelease,
  Outcome,
  Request,
  SightingBatch,
  Signal,
} from './types.ts'

/** Value type of each topic, as the schema in `topics.ts` says. */
export interface TopicValues {
  requests: Request
  accounts: Account
  outcomes: Outcome
  'model-releases': ModelRelease
  hops: HopCut
  fingerprints: Fingerprint
  sightings: SightingBatch
  signals: Signal
  links: LinkBatch
  campaigns: Campaign
  alerts: Alert
  decisions: Decision
  'dead-letters': DeadLetter
  'fingerprints.state': FingerprintState
  'detectors.state': DetectorState
  'linkage.state': LinkageState
  'campaigns.state': CampaignState
  'enforcement.state': EnforcementState
}

/** A value of any topic. */
export type TopicValue = TopicValues[TopicName]
