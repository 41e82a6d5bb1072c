import { Refused } from '../errors.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { BrokerState, Handler } from '../request.ts'

const LATEST = -1
const EARLIEST = -2

interface FoundOffset {
  readonly errorCode: ErrorCode
  readonly timestamp_ms: number
  readonly offset: number
}

export const listOffsets: Handler = (request, response, version, { broker }) => {
  request.int32() // replica id
  const isReadCommitted = version >= 2 && request.int8() === 1
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => ({ index: request.int32(), time_ms: request.int64() })),
  }))
  if (version >= 2) response.int32(0)
  response.array(topics, ({ name, partitions }) => {
    response.string(name)
    response.array(partitions, ({ index, time_ms }) => {
      const found = find(broker, { topic: name, index, time_ms, isReadCommitted })
      response.int32(index).int16(found.errorCode).int64(found.timestamp_ms).int64(found.offset)
    })
  })
  return 'respond'
}

function find(
  broker: BrokerState,
  query: { topic: string; index: number; time_ms: number; isReadCommitted: boolean },
): FoundOffset {
  try {
    const log = broker.topics.partition(query.topic, query.index)
    const end = query.isReadCommitted ? log.lastStableOffset : log.endOffset
    if (query.time_ms === LATEST) return at(end)
    if (query.time_ms === EARLIEST) return at(log.startOffset)
    if (query.time_ms < 0) return { errorCode: ErrorCode.UNSUPPORTED_VERSION, timestamp_ms: -1, offset: -1 }
    const found = log.findByTime(query.time_ms, end)
    return found ? { errorCode: ErrorCode.NONE, ...found } : at(-1)
  } catch (error) {
    if (error instanceof Refused) return { errorCode: error.errorCode, timestamp_ms: -1, offset: -1 }
    throw error
  }
}

function at(offset: number): FoundOffset {
  return { errorCode: ErrorCode.NONE, timestamp_ms: -1, offset }
}
