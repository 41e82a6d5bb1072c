import { TOPIC_NAMES, type TopicName, topicDefinition } from '../../schemas/topics.ts'
import type { Outcome } from '../../schemas/types.ts'
import type { PublishedRecord } from '../kafka/publisher.ts'

const DAY_MS = 86_400_000

/** The outcome that makes every stage forget an account, and the tombstone for its record in `accounts`. */
export function erasureOf(outcome: Outcome): PublishedRecord<TopicName>[] {
  const key = outcome.account_id
  return [
    { topic: 'outcomes', key, value: outcome },
    { topic: 'accounts', key, value: null },
  ]
}

/** Topics whose records about an erased account stay until they are too old, as `topics apply` makes them. */
export function remainders(prefix: string): { topic: string; kept_days: number }[] {
  return TOPIC_NAMES.flatMap((topic) => {
    const { retention_ms } = topicDefinition(topic)
    return retention_ms === undefined ? [] : [{ topic: prefix + topic, kept_days: retention_ms / DAY_MS }]
  })
}
