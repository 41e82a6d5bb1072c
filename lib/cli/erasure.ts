import { TOPIC_NAMES, type TopicName, topicDefinition } from '../../schemas/topics.ts'
import type { Outcome } from '../../schemas/types.ts'
import type { PublishedRecord } from '../kafka/publisher.ts'

const DAY_MS = 86_400_000
/** Topics whose records name accounts, and which forget by age alone. */
const NAMING: readonly TopicName[] = [
  'requests',
  'outcomes',
  'fingerprints',
  'sightings',
  'signals',
  'links',
  'alerts',
  'dead-letters',
]

/** The outcome that makes every stage forget an account, and the tombstone for its record in `accounts`. */
export function erasureOf(outcome: Outcome): PublishedRecord<TopicName>[] {
  const key = outcome.account_id
  return [
    { topic: 'outcomes', key, value: outcome },
    { topic: 'accounts', key, value: null },
  ]
}

/** Where records about an erased account stay until they are too old, by the definition of the topics. */
export function remainders(prefix: string): { topic: string; kept_days: number }[] {
  return TOPIC_NAMES.filter((topic) => NAMING.includes(topic)).map((topic) => ({
    topic: prefix + topic,
    kept_days: (topicDefinition(topic).retention_ms ?? 0) / DAY_MS,
  }))
}
