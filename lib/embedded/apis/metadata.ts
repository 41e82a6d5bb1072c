import { Refused } from '../errors.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { BrokerState, Handler } from '../request.ts'
import type { Topic } from '../topics.ts'

export const metadata: Handler = (request, response, version, { broker, advertised }) => {
  const names = request.nullableArray(() => request.string())
  const mayCreate = version >= 4 ? request.boolean() : true
  const wanted = names ?? broker.topics.all().map((topic) => topic.name)
  const found = wanted.map((name) => lookUp(broker, name, mayCreate && names !== null))

  if (version >= 3) response.int32(0)
  response.array([broker.nodeId], (nodeId) => {
    response.int32(nodeId).string(advertised.host).int32(advertised.port).string(null)
  })
  if (version >= 2) response.string(broker.clusterId)
  response.int32(broker.nodeId)
  response.array(found, ({ name, topic, errorCode }) => {
    response.int16(errorCode).string(name).boolean(false)
    response.array([...(topic?.partitions.keys() ?? [])], (index) => {
      response.int16(ErrorCode.NONE).int32(index).int32(broker.nodeId)
      response.array([broker.nodeId], (replica) => response.int32(replica))
      response.array([broker.nodeId], (replica) => response.int32(replica))
      if (version >= 5) response.array([], () => undefined)
    })
  })
  return 'respond'
}

/** With one node, every group and every transactional id is coordinated here. */
export const findCoordinator: Handler = (request, response, version, { broker, advertised }) => {
  request.string()
  const keyType = version >= 1 ? request.int8() : 0
  const isKnownType = keyType === 0 || keyType === 1
  if (version >= 1) response.int32(0)
  response.int16(isKnownType ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST)
  if (version >= 1) response.string(isKnownType ? null : `coordinator type ${keyType} does not exist`)
  response.int32(isKnownType ? broker.nodeId : -1)
  response.string(isKnownType ? advertised.host : '').int32(isKnownType ? advertised.port : -1)
  return 'respond'
}

interface LookedUp {
  readonly name: string
  readonly topic?: Topic
  readonly errorCode: ErrorCode
}

function lookUp(broker: BrokerState, name: string, mayCreate: boolean): LookedUp {
  const known = broker.topics.get(name)
  if (known) return { name, topic: known, errorCode: ErrorCode.NONE }
  if (!mayCreate || !broker.autoCreateTopics) return { name, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
  try {
    broker.topics.create(name, broker.defaultPartitions)
    return { name, topic: broker.topics.get(name), errorCode: ErrorCode.NONE }
  } catch (error) {
    if (error instanceof Refused) return { name, errorCode: error.errorCode }
    throw error
  }
}
