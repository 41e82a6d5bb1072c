import { Refused, refusalOf } from '../errors.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { BrokerState, Handler } from '../request.ts'

interface NewTopic {
  readonly name: string
  readonly partitionCount: number
  readonly replicationFactor: number
  readonly assignments: readonly { partition: number; brokers: readonly number[] }[]
  readonly config: ReadonlyMap<string, string | null>
}

export const createTopics: Handler = (request, response, version, { broker }) => {
  const topics: NewTopic[] = request.array(() => ({
    name: request.string(),
    partitionCount: request.int32(),
    replicationFactor: request.int16(),
    assignments: request.array(() => ({
      partition: request.int32(),
      brokers: request.array(() => request.int32()),
    })),
    config: new Map(request.array(() => [request.string(), request.nullableString()] as const)),
  }))
  request.int32() // timeout
  const isDryRun = version >= 1 && request.boolean()
  if (version >= 2) response.int32(0)
  response.array(topics, (topic) => {
    const isRepeated = topics.filter(({ name }) => name === topic.name).length > 1
    const refusal = isRepeated
      ? new Refused(ErrorCode.INVALID_REQUEST, `the request names '${topic.name}' more than once`)
      : refusalOf(() => createTopic(broker, topic, isDryRun))
    response.string(topic.name).int16(refusal?.errorCode ?? ErrorCode.NONE)
    if (version >= 1) response.string(refusal?.message ?? null)
  })
  return 'respond'
}

export const deleteTopics: Handler = (request, response, version, { broker }) => {
  const names = request.array(() => request.string())
  request.int32() // timeout
  if (version >= 1) response.int32(0)
  response.array(names, (name) => {
    const refusal = refusalOf(() => {
      broker.topics.delete(name)
      broker.groups.forgetTopic(name)
    })
    response.string(name).int16(refusal?.errorCode ?? ErrorCode.NONE)
  })
  return 'respond'
}

export const createPartitions: Handler = (request, response, _version, { broker }) => {
  const topics = request.array(() => ({
    name: request.string(),
    count: request.int32(),
    assignments: request.nullableArray(() => request.array(() => request.int32())),
  }))
  request.int32() // timeout
  const isDryRun = request.boolean()
  response.int32(0).array(topics, ({ name, count, assignments }) => {
    const refusal = refusalOf(() => {
      for (const brokers of assignments ?? []) checkReplicas(broker, brokers)
      broker.topics.grow(name, count, isDryRun)
    })
    response
      .string(name)
      .int16(refusal?.errorCode ?? ErrorCode.NONE)
      .string(refusal?.message ?? null)
  })
  return 'respond'
}

export const deleteRecords: Handler = (request, response, _version, { broker }) => {
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => ({ index: request.int32(), offset: request.int64() })),
  }))
  request.int32() // timeout
  response.int32(0).array(topics, ({ name, partitions }) => {
    response.string(name)
    response.array(partitions, ({ index, offset }) => {
      let startOffset = -1
      const refusal = refusalOf(() => {
        const log = broker.topics.partition(name, index)
        if (!broker.topics.get(name)?.config.isDeleted) {
          throw new Refused(ErrorCode.POLICY_VIOLATION, `'${name}' is compacted only; its records are not for deletion`)
        }
        startOffset = log.deleteRecordsBefore(offset)
      })
      response
        .int32(index)
        .int64(startOffset)
        .int16(refusal?.errorCode ?? ErrorCode.NONE)
    })
  })
  return 'respond'
}

function createTopic(broker: BrokerState, topic: NewTopic, isDryRun: boolean): void {
  const { assignments, partitionCount, replicationFactor } = topic
  if (assignments.length > 0) {
    if (partitionCount !== -1 || replicationFactor !== -1) {
      throw new Refused(ErrorCode.INVALID_REQUEST, 'give assignments, or counts, not both')
    }
    for (const { brokers } of assignments) checkReplicas(broker, brokers)
    const indexes = new Set(assignments.map(({ partition }) => partition))
    if (assignments.some((_, index) => !indexes.has(index))) {
      throw new Refused(ErrorCode.INVALID_REPLICA_ASSIGNMENT, 'the assigned partitions are not 0 to n - 1')
    }
    broker.topics.create(topic.name, assignments.length, topic.config, isDryRun)
    return
  }
  if (replicationFactor !== -1 && replicationFactor !== 1) {
    throw new Refused(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `replication factor ${replicationFactor}; the embedded broker is a single node, ask for 1 or -1`,
    )
  }
  broker.topics.create(
    topic.name,
    partitionCount === -1 ? broker.defaultPartitions : partitionCount,
    topic.config,
    isDryRun,
  )
}

function checkReplicas(broker: BrokerState, brokers: readonly number[]): void {
  if (brokers.length !== 1 || brokers[0] !== broker.nodeId) {
    throw new Refused(ErrorCode.INVALID_REPLICA_ASSIGNMENT, `the only broker is ${broker.nodeId}`)
  }
}
