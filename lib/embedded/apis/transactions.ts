import { Refused, refusalOf } from '../errors.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Reader } from '../protocol/reader.ts'
import type { Handler } from '../request.ts'
import type { ProducerIdentity } from '../transactions.ts'
import { checkOffsets, writeRefusals } from './offsets.ts'

export const initProducerId: Handler = (request, response, _version, { broker }) => {
  const transactionalId = request.nullableString()
  const timeout_ms = request.int32()
  let identity: ProducerIdentity = { producerId: -1, epoch: -1 }
  const refusal = refusalOf(() => {
    identity =
      transactionalId === null
        ? { producerId: broker.producerIds.allocate(), epoch: 0 }
        : broker.transactions.initialise(transactionalId, timeout_ms)
  })
  response.int32(0).int16(refusal?.errorCode ?? ErrorCode.NONE)
  response.int64(identity.producerId).int16(identity.epoch)
  return 'respond'
}

export const addPartitionsToTxn: Handler = (request, response, _version, { broker }) => {
  const transactionalId = request.string()
  const identity = readIdentity(request)
  const topics = request.array(() => ({ name: request.string(), partitions: request.array(() => request.int32()) }))
  const wanted = topics.flatMap(({ name, partitions }) => partitions.map((index) => ({ name, index })))
  const areAllKnown = wanted.every(({ name, index }) => broker.topics.has(name, index))
  const refusal = areAllKnown
    ? refusalOf(() => {
        const logs = wanted.map(({ name, index }) => broker.topics.partition(name, index))
        broker.transactions.addPartitions(transactionalId, identity, logs)
      })
    : new Refused(ErrorCode.OPERATION_NOT_ATTEMPTED, 'another partition of the request does not exist')
  response.int32(0).array(topics, ({ name, partitions }) => {
    response.string(name)
    response.array(partitions, (index) => {
      const errorCode = broker.topics.has(name, index) ? refusal?.errorCode : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
      response.int32(index).int16(errorCode ?? ErrorCode.NONE)
    })
  })
  return 'respond'
}

export const addOffsetsToTxn: Handler = (request, response, _version, { broker }) => {
  const transactionalId = request.string()
  const identity = readIdentity(request)
  const groupId = request.string()
  const refusal = refusalOf(() => broker.transactions.addOffsets(transactionalId, identity, groupId))
  response.int32(0).int16(refusal?.errorCode ?? ErrorCode.NONE)
  return 'respond'
}

export const txnOffsetCommit: Handler = (request, response, _version, { broker }) => {
  const transactionalId = request.string()
  const groupId = request.string()
  const identity = readIdentity(request)
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => ({
      index: request.int32(),
      offset: request.int64(),
      metadata: request.nullableString(),
    })),
  }))
  const rejected = refusalOf(() => {
    broker.groups.forCommit(groupId, '', -1, true)
  })
  const { accepted, refusals } = checkOffsets(broker, topics, rejected)
  const unstaged =
    accepted.length === 0
      ? null
      : refusalOf(() => broker.transactions.stageOffsets(transactionalId, identity, groupId, accepted))
  response.int32(0)
  const outcomes = refusals.map((partitions) => partitions.map((refusal) => refusal ?? unstaged))
  writeRefusals(response, topics, outcomes)
  return 'respond'
}

export const endTxn: Handler = (request, response, _version, { broker }) => {
  const transactionalId = request.string()
  const identity = readIdentity(request)
  const isCommit = request.boolean()
  const refusal = refusalOf(() => broker.transactions.end(transactionalId, identity, isCommit))
  response.int32(0).int16(refusal?.errorCode ?? ErrorCode.NONE)
  return 'respond'
}

function readIdentity(request: Reader): ProducerIdentity {
  return { producerId: request.int64(), epoch: request.int16() }
}
