import { HydrawatchError, UnavailableError } from '../ops/errors.ts'

/**
 * Kafka did not do what we asked within the limit of retries:
 * - the addresses are wrong, or nothing listens there;
 * - a broker refuses for a reason that lib/kafka/access-errors.ts has no name for;
 * - the cluster lost the leader or the coordinator that we need;
 * - a transaction failed again and again.
 */
export class BrokerUnavailable extends UnavailableError {
  override readonly code = 'E_BROKER_UNAVAILABLE'
  readonly brokers: readonly string[]
  readonly doing: string

  constructor(fields: { brokers: readonly string[]; doing: string; cause: unknown; hint?: string }) {
    const { brokers, doing, cause, hint } = fields
    const brokerList = brokers.join(', ')
    super(
      isAnswer(cause)
        ? `${doing}: ${brokerList} refused (${reasonOf(cause)}); check the state of the cluster`
        : `${doing}: no answer from ${brokerList} (${reasonOf(cause)}); check that Kafka runs there and that kafka.brokers is right${hint === undefined ? '' : `; ${hint}`}`,
      { cause },
    )
    this.brokers = brokers
    this.doing = doing
  }
}

/** The schema registry did not answer within the limit of retries, or answered with an error of its own. */
export class RegistryUnavailable extends UnavailableError {
  override readonly code = 'E_REGISTRY_UNAVAILABLE'
  readonly url: string

  constructor(fields: { url: string; doing: string; cause: unknown }) {
    const { url, doing, cause } = fields
    super(
      `${doing}: no answer from the schema registry at ${url} (${reasonOf(cause)}); check that it runs there and that kafka.registry_url is right`,
      { cause },
    )
    this.url = url
  }
}

/** The registry does not hold the schema that this version writes. */
export class SchemaNotRegistered extends HydrawatchError {
  readonly code = 'E_SCHEMA_NOT_REGISTERED'
  readonly subject: string

  constructor(fields: { subject: string; url: string }) {
    super(
      `the registry at ${fields.url} has no such version of ${fields.subject}; run \`hydrawatch topics apply\` with this version first`,
    )
    this.subject = fields.subject
  }
}

/** The registry refuses a schema: it breaks the subject's compatibility, or the subject has another compatibility level. */
export class SchemaRefused extends HydrawatchError {
  readonly code = 'E_SCHEMA_REFUSED'
  readonly subject: string

  constructor(fields: { subject: string; compatibility: string; cause: unknown }) {
    const { subject, compatibility, cause } = fields
    super(
      `the registry refuses the schema of ${subject} under ${compatibility} (${reasonOf(cause)}); compare it with the latest version there`,
      { cause },
    )
    this.subject = subject
  }
}

/** Topics that must exist do not; they are never created by use. */
export class TopicMissing extends HydrawatchError {
  readonly code = 'E_TOPIC_MISSING'
  readonly topics: readonly string[]

  constructor(topics: readonly string[]) {
    super(`${topics.join(', ')} ${topics.length === 1 ? 'does' : 'do'} not exist; run \`hydrawatch topics apply\``)
    this.topics = topics
  }
}

/** A topic has another number of partitions than those it must be read together with. */
export class PartitionCountMismatch extends HydrawatchError {
  readonly code = 'E_PARTITION_COUNT'
  readonly topic: string
  readonly count: number
  readonly expected: number

  constructor(fields: { topic: string; count: number; expected: number; why: string }) {
    const { topic, count, expected, why } = fields
    super(
      `${topic} has ${count} partitions, ${expected} expected (${why}); set topics.partitions to what the broker has, or choose another topics.prefix: the number of partitions never changes in place`,
    )
    this.topic = topic
    this.count = count
    this.expected = expected
  }
}

/** A changelog holds an entry that this version can't read: continuing without it would be continuing on wrong state. */
export class ChangelogUnreadable extends HydrawatchError {
  readonly code = 'E_CHANGELOG_UNREADABLE'
  readonly topic: string
  readonly partition: number
  readonly offset: number

  constructor(fields: { topic: string; partition: number; offset: number; reason: string }) {
    const { topic, partition, offset, reason } = fields
    super(
      `${topic}/${partition} can not be restored: the entry at offset ${offset} is unreadable (${reason}); start the version that wrote it, or check that kafka.registry_url names the registry of this cluster`,
    )
    this.topic = topic
    this.partition = partition
    this.offset = offset
  }
}

/** A changelog says nothing, though its group has committed offsets: the state that belongs to them is gone. */
export class ChangelogLost extends HydrawatchError {
  readonly code = 'E_CHANGELOG_LOST'
  readonly topic: string
  readonly partition: number

  constructor(fields: { topic: string; partition: number; groupId: string; input_topic: string; offset: number }) {
    const { topic, partition, groupId, input_topic, offset } = fields
    super(
      `${topic}/${partition} holds no state, but the group ${groupId} has committed offset ${offset} of ${input_topic}: bring the topic back from a copy, or delete the group's offsets to begin anew with what the inputs still hold (what was said before is then said again, under the same ids)`,
    )
    this.topic = topic
    this.partition = partition
  }
}

/** A changelog counts in hops of another length: its panes, intervals and position mean other times. */
export class HopLengthMismatch extends HydrawatchError {
  readonly code = 'E_HOP_LENGTH'
  readonly topic: string
  readonly partition: number

  constructor(fields: { topic: string; partition: number; written_ms: number; hop_ms: number }) {
    const { topic, partition, written_ms, hop_ms } = fields
    super(
      `${topic}/${partition} was written with hops of ${written_ms} ms, hops.length_ms is ${hop_ms}; set it back, or choose another topics.prefix: the length of hops never changes in place`,
    )
    this.topic = topic
    this.partition = partition
  }
}

/** Another replay of dead letters has begun since ours did; what we had not written yet is left to it. */
export class ReplayOvertaken extends HydrawatchError {
  readonly code = 'E_REPLAY_OVERTAKEN'

  constructor(cause: unknown) {
    super(
      'another `hydrawatch dead-letters replay` has taken over; what was written back is marked, so run this one again when that one has ended',
      { cause },
    )
  }
}

/**
 * Another process has joined a group under our instance id (KIP-345), and has our place in it. kafkajs goes by `retriable`;
 * no `cause`, which it would take for the error itself.
 */
export class InstanceFenced extends HydrawatchError {
  readonly code = 'E_INSTANCE_FENCED'
  readonly retriable = false
  readonly groupId: string
  readonly instanceId: string

  constructor({ groupId, instanceId }: { groupId: string; instanceId: string }) {
    super(
      `another process has joined the group ${groupId} as ${instanceId} (FENCED_INSTANCE_ID), so this one ends; give each process a kafka.group_instance_id of its own, such as the name of its host, and check that this one was not started twice`,
    )
    this.groupId = groupId
    this.instanceId = instanceId
  }
}

/** True for an error code of the Kafka protocol, which kafkajs puts under `type`. */
function isAnswer(cause: unknown): boolean {
  return cause instanceof Error && 'type' in cause && typeof cause.type === 'string'
}

/** The message of whatever was thrown, without the noise of nested retries. */
function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
