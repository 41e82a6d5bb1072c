import { Refused } from '../errors.ts'
import { acceptBatch } from '../log/incoming-batch.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { BrokerState, Handler } from '../request.ts'

interface PartitionResult {
  readonly errorCode: ErrorCode
  readonly baseOffset: number
  readonly appendTime_ms: number
  readonly startOffset: number
}

export const produce: Handler = (request, response, version, { broker }) => {
  const transactionalId = request.nullableString()
  const acks = request.int16()
  request.int32() // timeout: with one replica there is nobody to wait for
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => ({ index: request.int32(), records: request.nullableBytes() })),
  }))
  const areAcksValid = acks === -1 || acks === 0 || acks === 1
  let hasFailed = false
  response.array(topics, ({ name, partitions }) => {
    response.string(name)
    response.array(partitions, ({ index, records }) => {
      const result = areAcksValid
        ? append(broker, { topic: name, index, records, transactionalId })
        : refusal(ErrorCode.INVALID_REQUIRED_ACKS)
      hasFailed ||= result.errorCode !== ErrorCode.NONE
      response.int32(index).int16(result.errorCode).int64(result.baseOffset).int64(result.appendTime_ms)
      if (version >= 5) response.int64(result.startOffset)
    })
  })
  response.int32(0)
  if (acks !== 0) return 'respond'
  // Without a response the closed connection is the only way to tell the producer that something went wrong.
  return hasFailed ? 'hang-up' : 'stay-silent'
}

function append(
  broker: BrokerState,
  target: { topic: string; index: number; records: Buffer | null; transactionalId: string | null },
): PartitionResult {
  try {
    const log = broker.topics.partition(target.topic, target.index)
    const rules = broker.topics.rulesOf(target.topic)
    const batch = acceptBatch(target.records, rules, broker.clock())
    if (batch.header.isTransactional) {
      broker.transactions.checkProduce(target.transactionalId, batch.header, log)
    }
    broker.topics.checkStorage(batch.bytes.length)
    const baseOffset = log.append(batch)
    return {
      errorCode: ErrorCode.NONE,
      baseOffset,
      appendTime_ms: rules.isLogAppendTime ? batch.header.maxTimestamp_ms : -1,
      startOffset: log.startOffset,
    }
  } catch (error) {
    if (error instanceof Refused) return refusal(error.errorCode)
    throw error
  }
}

function refusal(errorCode: ErrorCode): PartitionResult {
  return { errorCode, baseOffset: -1, appendTime_ms: -1, startOffset: -1 }
}
