/** What a broker did not let us do. */
export interface Refusal {
  /** As kafka-acls names it. */
  readonly operation: string
  /** Such as `topic requests` or `group hydrawatch.linkage`. */
  readonly resource: string
}

type ResourceKind = 'topic' | 'group' | 'transactional id' | 'cluster'

// Source: https://kafka.apache.org/protocol#protocol_error_codes
const TOPIC_AUTHORIZATION_FAILED = 29
const KIND_OF_TYPE: Readonly<Record<string, ResourceKind>> = {
  TOPIC_AUTHORIZATION_FAILED: 'topic',
  GROUP_AUTHORIZATION_FAILED: 'group',
  CLUSTER_AUTHORIZATION_FAILED: 'cluster',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'transactional id',
}

// What each request needs; names of requests as kafkajs has them. For requests that are not here, see `operationOf`.
// Source: https://kafka.apache.org/documentation/#operations_resources_and_protocols
const OPERATIONS: Readonly<Record<ResourceKind, Readonly<Record<string, string>>>> = {
  topic: {
    Produce: 'Write',
    AddPartitionsToTxn: 'Write',
    Fetch: 'Read',
    OffsetCommit: 'Read',
    TxnOffsetCommit: 'Read',
    CreateTopics: 'Create',
    DeleteTopics: 'Delete',
  },
  group: { OffsetFetch: 'Describe', GroupCoordinator: 'Describe', DescribeGroups: 'Describe', DeleteGroups: 'Delete' },
  'transactional id': { GroupCoordinator: 'Describe' },
  cluster: { CreateTopics: 'Create', CreateAcls: 'Alter', DeleteAcls: 'Alter', InitProducerId: 'IdempotentWrite' },
}
const OTHERWISE: Readonly<Record<ResourceKind, string>> = {
  topic: 'Describe',
  group: 'Read',
  'transactional id': 'Write',
  cluster: 'Describe',
}

/** True for a protocol error that says that a right is missing. */
export function isAuthorisationType(type: string | null): boolean {
  return type !== null && type in KIND_OF_TYPE
}

// kafkajs says that a right is missing, and neither for what nor to whom. What is known where the request is sent is kept
// beside the error it becomes.
const requests = new WeakMap<object, { api?: string; topics?: readonly string[]; id?: string }>()

/** Adds to what is known about the request behind an error. */
export function noteRefusal(
  error: unknown,
  about: { readonly api?: string; readonly topics?: readonly string[]; readonly id?: string },
): void {
  if (error instanceof Error) requests.set(error, { ...requests.get(error), ...about })
}

/** What an error at the bottom of a chain of causes says about a missing right; null when it says something else. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof Error)) return null
  const kind = 'type' in error && typeof error.type === 'string' ? KIND_OF_TYPE[error.type] : undefined
  const known = requests.get(error)
  if (kind !== undefined || (known?.topics && known.topics.length > 0)) {
    return describeRefusal(kind ?? 'topic', known ?? {})
  }
  if ('cause' in error && error.cause !== error) return refusalOf(error.cause)
  return null
}

function describeRefusal(
  kind: ResourceKind,
  { api = '', topics = [], id }: { api?: string; topics?: readonly string[]; id?: string },
): Refusal {
  const operation = OPERATIONS[kind][api] ?? OTHERWISE[kind]
  if (kind === 'cluster') return { operation, resource: 'the cluster' }
  if (kind === 'topic') return { operation, resource: topics.length === 0 ? 'a topic' : `topic ${topics.join(', ')}` }
  return { operation, resource: id === undefined ? `the ${kind}` : `${kind} ${id}` }
}

/** The topics that a decoded response refuses us: whatever object has an error code of ours, and the topic it is in. */
export function refusedTopics(response: unknown): string[] {
  return [...new Set(walk(response, undefined))].sort()
}

function* walk(value: unknown, topic: string | undefined): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value) yield* walk(item, topic)
    return
  }
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return
  const fields = Object.entries(value)
  const own = fields.find(([name, text]) => /^topic(Name)?$/.test(name) && typeof text === 'string')
  const here: string | undefined = own ? own[1] : topic
  const isRefused = fields.some(([name, code]) => /errorCode$/i.test(name) && code === TOPIC_AUTHORIZATION_FAILED)
  if (isRefused && here !== undefined) yield here
  for (const [, item] of fields) yield* walk(item, here)
}
