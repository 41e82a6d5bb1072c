/** Avro schema compatibility as the registry enforces it (Confluent Schema Registry, "Schema evolution"). */
export type Compatibility = 'BACKWARD' | 'FORWARD_TRANSITIVE' | 'FULL_TRANSITIVE'

export interface TopicDefinition {
  /** What the record key is. Same key, same partitioner, same partition count: that is what co-partitioning rests on. */
  readonly key:
    | 'account_id'
    | 'object'
    | 'campaign_id'
    | 'subject_id'
    | 'model'
    | 'partition'
    | 'campaigns'
    | 'state'
    | 'source'
  /** File name of the value schema in this folder, without `.avsc`. */
  readonly schema: string
  readonly compatibility: Compatibility
  /** 'many': as many as `topics.partitions` says; a number: exactly so many, because the stage that reads it decides globally. */
  readonly partitions: 'many' | 1
  readonly cleanup: 'delete' | 'compact'
  /** Only for cleanup 'delete'. */
  readonly retention_ms?: number
  /** Whose clock the timestamps of records come from ("message.timestamp.type"). @default 'producer' */
  readonly timestamps?: 'producer' | 'broker'
  readonly writer: string
  readonly readers: readonly string[]
  readonly purpose: string
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

// Compatibility: many producers of different age write the first four, so their schemas change only so that old readers
// and new readers both cope (FULL_TRANSITIVE). Internal topics are read by stages that upgrade before their writers
// (BACKWARD). Changelogs must be readable by the version before, for a rollback, over everything still in the log (FULL_TRANSITIVE).

/** Every topic of Hydrawatch: the one map that creation, the runtime, `doctor` and the documentation read. */
export const TOPICS = {
  requests: {
    key: 'account_id',
    schema: 'request',
    compatibility: 'FULL_TRANSITIVE',
    partitions: 'many',
    cleanup: 'delete',
    retention_ms: 7 * DAY_MS,
    // Against which a time ahead can be told; and old traffic that is written now is kept as long as any.
    timestamps: 'broker',
    writer: 'producers',
    readers: ['fingerprints'],
    purpose: 'one API call, sketched at the edge',
  },
  accounts: {
    key: 'account_id',
    schema: 'account',
    compatibility: 'FULL_TRANSITIVE',
    partitions: 'many',
    cleanup: 'compact',
    writer: 'producers',
    readers: ['fingerprints'],
    purpose: 'an account as created or last changed',
  },
  outcomes: {
    key: 'account_id',
    schema: 'outcome',
    compatibility: 'FULL_TRANSITIVE',
    partitions: 'many',
    cleanup: 'delete',
    retention_ms: 180 * DAY_MS,
    writer: 'producers',
    readers: ['fingerprints', 'campaigns', 'enforcement'],
    purpose: 'bans, verifications, analyst verdicts, appeals',
  },
  'model-releases': {
    key: 'model',
    schema: 'model_release',
    compatibility: 'FULL_TRANSITIVE',
    partitions: 1,
    cleanup: 'compact',
    writer: 'producers',
    readers: [],
    purpose: 'a model became available',
  },
  hops: {
    key: 'partition',
    schema: 'hop_cut',
    compatibility: 'BACKWARD',
    partitions: 1,
    cleanup: 'compact',
    writer: 'fingerprints',
    readers: ['fingerprints'],
    purpose: 'how far each source partition has been cut into hops',
  },
  fingerprints: {
    key: 'account_id',
    schema: 'fingerprint',
    compatibility: 'BACKWARD',
    partitions: 'many',
    cleanup: 'delete',
    retention_ms: 7 * DAY_MS,
    writer: 'fingerprints',
    readers: ['detectors'],
    purpose: 'a snapshot of an account that has changed enough',
  },
  sightings: {
    key: 'object',
    schema: 'sighting_batch',
    compatibility: 'BACKWARD',
    partitions: 'many',
    cleanup: 'delete',
    retention_ms: 2 * DAY_MS,
    writer: 'fingerprints',
    readers: ['linkage'],
    purpose: 'who was seen with what, combined per hop',
  },
  signals: {
    key: 'account_id',
    schema: 'signal',
    compatibility: 'BACKWARD',
    partitions: 'many',
    cleanup: 'delete',
    retention_ms: 30 * DAY_MS,
    writer: 'detectors',
    readers: ['campaigns'],
    purpose: 'evidence of one detector about one account',
  },
  links: {
    key: 'campaigns',
    schema: 'link_batch',
    compatibility: 'BACKWARD',
    partitions: 1,
    cleanup: 'delete',
    retention_ms: 7 * DAY_MS,
    writer: 'linkage',
    readers: ['campaigns'],
    purpose: 'accounts that hold an object which other organisations hold too',
  },
  campaigns: {
    key: 'campaign_id',
    schema: 'campaign',
    compatibility: 'BACKWARD',
    partitions: 1,
    cleanup: 'compact',
    writer: 'campaigns',
    readers: [],
    purpose: 'a cluster of accounts as an entity',
  },
  alerts: {
    key: 'subject_id',
    schema: 'alert',
    compatibility: 'BACKWARD',
    partitions: 1,
    cleanup: 'delete',
    retention_ms: 180 * DAY_MS,
    writer: 'campaigns',
    readers: ['enforcement'],
    purpose: 'revisions of alerts, in pages',
  },
  decisions: {
    key: 'account_id',
    schema: 'decision',
    compatibility: 'BACKWARD',
    partitions: 'many',
    cleanup: 'compact',
    writer: 'enforcement',
    readers: ['gateways'],
    purpose: 'what gateways should do about an account until it expires',
  },
  'dead-letters': {
    key: 'source',
    schema: 'dead_letter',
    compatibility: 'BACKWARD',
    partitions: 1,
    cleanup: 'delete',
    retention_ms: 30 * DAY_MS,
    writer: 'every stage and producer',
    readers: [],
    purpose: 'input that could not be used, with reason and position',
  },
  'fingerprints.state': changelog('fingerprints', 'fingerprint_state', 'many'),
  'detectors.state': changelog('detectors', 'detector_state', 'many'),
  'linkage.state': changelog('linkage', 'linkage_state', 'many'),
  'campaigns.state': changelog('campaigns', 'campaign_state', 1),
  'enforcement.state': changelog('enforcement', 'enforcement_state', 1),
} as const satisfies Record<string, TopicDefinition>

export type TopicName = keyof typeof TOPICS

export const TOPIC_NAMES = Object.keys(TOPICS) as TopicName[]

/** The definition of a topic, with its optional fields. */
export function topicDefinition(name: TopicName): TopicDefinition {
  return TOPICS[name]
}

/** Subject of a topic's value schema in the registry (TopicNameStrategy). */
export function valueSubject(topic: string): string {
  return `${topic}-value`
}

function changelog<Schema extends string, Partitions extends 'many' | 1>(
  stage: string,
  schema: Schema,
  partitions: Partitions,
) {
  return {
    key: 'state',
    schema,
    compatibility: 'FULL_TRANSITIVE',
    partitions,
    cleanup: 'compact',
    writer: stage,
    readers: [stage],
    purpose: `changelog of the ${stage} stage`,
  } as const
}
