/** The protocol error code at the bottom of an error of kafkajs, such as INVALID_PRODUCER_EPOCH; null when there is none. */
export function protocolErrorOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  if ('type' in error && typeof error.type === 'string') return error.type
  return 'cause' in error && error.cause !== error ? protocolErrorOf(error.cause) : null
}

// What the names of kafkajs 2.2.4 come to in the protocol: COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE and
// NOT_COORDINATOR (https://kafka.apache.org/protocol#protocol_error_codes).
const COORDINATOR_MOVES = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
])

/**
 * True when the coordinator of a group or a transaction has just been created, restarted or moved: the same request,
 * sent a little later to whoever coordinates then, will be served.
 */
export function isCoordinatorMoving(error: unknown): boolean {
  return COORDINATOR_MOVES.has(protocolErrorOf(error) ?? '')
}

// What kafkajs 2.2.4 throws for a broker that is not there, hangs or is not known yet. It wraps them in
// KafkaJSNumberOfRetriesExceeded or KafkaJSNonRetriableError when it has tried often enough.
const UNREACHABLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSLockTimeout',
])

/** True when a broker could not be reached, or said too little to know whom to ask. */
export function isUnreachable(error: unknown): boolean {
  const root = rootOf(error)
  return root instanceof Error && UNREACHABLE.has(root.name)
}

/** What stands at the bottom of errors that were wrapped around it. */
export function rootOf(error: unknown): unknown {
  if (!(error instanceof Error) || error.cause === undefined || error.cause === error) return error
  return rootOf(error.cause)
}
