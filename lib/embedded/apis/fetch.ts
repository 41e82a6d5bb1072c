import { Refused } from '../errors.ts'
import { EMPTY_READ, type PartitionLog, type ReadResult } from '../log/partition-log.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Reader } from '../protocol/reader.ts'
import type { Writer } from '../protocol/writer.ts'
import type { BrokerState, Handler, Outcome } from '../request.ts'

interface FetchRequest {
  readonly wait_max_ms: number
  readonly bytes_min: number
  readonly bytes_max: number
  readonly isReadCommitted: boolean
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly topics: readonly { name: string; partitions: readonly FetchPosition[] }[]
}

interface FetchPosition {
  readonly index: number
  readonly offset: number
  readonly bytes_max: number
}

interface FetchedPartition {
  readonly index: number
  readonly errorCode: ErrorCode
  readonly endOffset: number
  readonly lastStableOffset: number
  readonly startOffset: number
  readonly read: ReadResult
}

interface FetchedTopic {
  readonly name: string
  readonly partitions: readonly FetchedPartition[]
}

/** Fetch with long poll: answers at once with data or an error, otherwise when enough has arrived or the wait is over. */
export const fetch: Handler = async (request, response, version, { broker, signal }): Promise<Outcome> => {
  const wanted = readRequest(request, version)
  response.int32(0)
  // No fetch sessions (KIP-227): id 0 in the answer tells the client to send everything each time.
  if (version >= 7) {
    const isContinuation = wanted.sessionId !== 0 || wanted.sessionEpoch > 0
    response.int16(isContinuation ? ErrorCode.FETCH_SESSION_ID_NOT_FOUND : ErrorCode.NONE).int32(0)
    if (isContinuation) {
      response.array([], () => undefined)
      return 'respond'
    }
  }
  const deadline_ms = performance.now() + wanted.wait_max_ms
  let fetched = readAll(broker, wanted)
  while (!isEnough(fetched, wanted) && !signal.aborted) {
    const left_ms = deadline_ms - performance.now()
    if (left_ms <= 0) break
    await changeOf(logsOf(broker, wanted), left_ms, signal)
    fetched = readAll(broker, wanted)
  }
  writeTopics(response, fetched, version)
  return 'respond'
}

function readRequest(request: Reader, version: number): FetchRequest {
  request.int32() // replica id: there are no followers
  const wait_max_ms = request.int32()
  const bytes_min = request.int32()
  const bytes_max = request.int32()
  const isReadCommitted = request.int8() === 1
  const sessionId = version >= 7 ? request.int32() : 0
  const sessionEpoch = version >= 7 ? request.int32() : -1
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => {
      const index = request.int32()
      if (version >= 9) request.int32() // leader epoch: there is one leader for ever
      const offset = request.int64()
      if (version >= 5) request.int64() // a follower's log start
      return { index, offset, bytes_max: request.int32() }
    }),
  }))
  return { wait_max_ms, bytes_min, bytes_max, isReadCommitted, sessionId, sessionEpoch, topics }
}

function readAll(broker: BrokerState, wanted: FetchRequest): FetchedTopic[] {
  let left_bytes = wanted.bytes_max
  let isEmpty = true
  return wanted.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((position) => {
      const bytes_max = Math.min(position.bytes_max, left_bytes)
      const fetched = readOne(broker, name, position, {
        bytes_max,
        isReadCommitted: wanted.isReadCommitted,
        atLeastOneBatch: isEmpty,
      })
      left_bytes -= fetched.read.size_bytes
      isEmpty &&= fetched.read.size_bytes === 0
      return fetched
    }),
  }))
}

function readOne(
  broker: BrokerState,
  topic: string,
  { index, offset }: FetchPosition,
  limits: { bytes_max: number; isReadCommitted: boolean; atLeastOneBatch: boolean },
): FetchedPartition {
  try {
    const log = broker.topics.partition(topic, index)
    return {
      index,
      errorCode: ErrorCode.NONE,
      read: log.read(offset, limits),
      endOffset: log.endOffset,
      lastStableOffset: log.lastStableOffset,
      startOffset: log.startOffset,
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { index, errorCode: error.errorCode, endOffset: -1, lastStableOffset: -1, startOffset: -1, read: EMPTY_READ }
  }
}

function isEnough(fetched: readonly FetchedTopic[], { bytes_min }: FetchRequest): boolean {
  const partitions = fetched.flatMap((topic) => topic.partitions)
  if (partitions.length === 0 || partitions.some(({ errorCode }) => errorCode !== ErrorCode.NONE)) return true
  return partitions.reduce((sum, { read }) => sum + read.size_bytes, 0) >= bytes_min
}

function logsOf(broker: BrokerState, wanted: FetchRequest): PartitionLog[] {
  return wanted.topics.flatMap(({ name, partitions }) => {
    const logs = broker.topics.get(name)?.partitions ?? []
    return partitions.flatMap(({ index }) => logs[index] ?? [])
  })
}

/** Resolves at the first change of any of the logs, after `wait_ms`, or when the client is gone. */
function changeOf(logs: readonly PartitionLog[], wait_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      for (const unsubscribe of subscriptions) unsubscribe()
      resolve()
    }
    const timer = setTimeout(done, wait_ms)
    signal.addEventListener('abort', done)
    const subscriptions = logs.map((log) => log.onChange(done))
  })
}

function writeTopics(response: Writer, topics: readonly FetchedTopic[], version: number): void {
  response.array(topics, ({ name, partitions }) => {
    response.string(name)
    response.array(partitions, ({ index, errorCode, endOffset, lastStableOffset, startOffset, read }) => {
      response.int32(index).int16(errorCode).int64(endOffset).int64(lastStableOffset)
      if (version >= 5) response.int64(startOffset)
      if (read.aborted === null) response.nullArray()
      else response.array(read.aborted, (aborted) => response.int64(aborted.producerId).int64(aborted.firstOffset))
      if (version >= 11) response.int32(-1) // no preferred replica
      response.records(read.buffers, read.size_bytes)
    })
  })
}
