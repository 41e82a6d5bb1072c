import type { Reader } from '../../lib/embedded/protocol/reader.ts'
import type { RawClient } from './raw-client.ts'
import { waitFor } from './wait-for.ts'

const CONCURRENT_TRANSACTIONS = 51
const COORDINATOR_LOAD_IN_PROGRESS = 14
const COORDINATOR_NOT_AVAILABLE = 15
const NOT_COORDINATOR = 16
/** What a real broker says while it is still busy with the request before; a client asks again. */
const NOT_YET: readonly number[] = [
  CONCURRENT_TRANSACTIONS,
  COORDINATOR_LOAD_IN_PROGRESS,
  COORDINATOR_NOT_AVAILABLE,
  NOT_COORDINATOR,
]

export interface Identity {
  readonly producerId: number
  readonly epoch: number
}

export async function initProducer(
  raw: RawClient,
  transactionalId: string | null,
  timeout_ms = 60_000,
): Promise<Identity> {
  if (transactionalId !== null) await findTransactionCoordinator(raw, transactionalId)
  const { errorCode, ...identity } = await patiently('a producer id', async () => {
    const response = await raw.request('initProducerId', 1, (body) => body.string(transactionalId).int32(timeout_ms))
    response.int32()
    return { errorCode: response.int16(), producerId: response.int64(), epoch: response.int16() }
  })
  if (errorCode !== 0) throw new Error(`InitProducerId answered ${errorCode}`)
  return identity
}

/** On a fresh Apache Kafka the topic of the transactions is created by this question. */
async function findTransactionCoordinator(raw: RawClient, transactionalId: string): Promise<void> {
  await patiently('the transaction coordinator', async () => {
    const response = await raw.request('findCoordinator', 1, (body) => body.string(transactionalId).int8(1))
    response.int32()
    return { errorCode: response.int16() }
  })
}

export async function produce(
  raw: RawClient,
  topic: string,
  records: Buffer,
  options: { index?: number; acks?: number; transactionalId?: string } = {},
): Promise<{ errorCode: number; baseOffset: number; appendTime_ms: number }> {
  const { index = 0, acks = -1, transactionalId = null } = options
  const response = await raw.request('produce', 7, (body) =>
    body
      .string(transactionalId)
      .int16(acks)
      .int32(5_000)
      .array([topic], (name) => body.string(name).array([index], (partition) => body.int32(partition).bytes(records))),
  )
  const results = response.array(() => {
    response.string()
    return response.array(() => {
      response.int32()
      const result = { errorCode: response.int16(), baseOffset: response.int64(), appendTime_ms: response.int64() }
      response.int64()
      return result
    })
  })
  return results[0]?.[0] ?? { errorCode: -1, baseOffset: -1, appendTime_ms: -1 }
}

export async function addPartition(
  raw: RawClient,
  transactionalId: string,
  identity: Identity,
  topic: string,
): Promise<number> {
  const { errorCode } = await patiently('the partition in the transaction', async () => {
    const response = await raw.request('addPartitionsToTxn', 1, (body) =>
      body
        .string(transactionalId)
        .int64(identity.producerId)
        .int16(identity.epoch)
        .array([topic], (name) => body.string(name).array([0], (index) => body.int32(index))),
    )
    response.int32()
    return { errorCode: readErrorCodes(response)[0] ?? -1 }
  })
  return errorCode
}

export async function addOffsets(
  raw: RawClient,
  transactionalId: string,
  identity: Identity,
  groupId: string,
): Promise<number> {
  const { errorCode } = await patiently('the offsets in the transaction', async () => {
    const response = await raw.request('addOffsetsToTxn', 1, (body) =>
      body.string(transactionalId).int64(identity.producerId).int16(identity.epoch).string(groupId),
    )
    response.int32()
    return { errorCode: response.int16() }
  })
  return errorCode
}

export async function commitOffsetInTransaction(
  raw: RawClient,
  transactionalId: string,
  identity: Identity,
  position: { groupId: string; topic: string; offset: number },
): Promise<number> {
  const { errorCode } = await patiently('the offset in the transaction', async () => {
    const response = await raw.request('txnOffsetCommit', 1, (body) =>
      body
        .string(transactionalId)
        .string(position.groupId)
        .int64(identity.producerId)
        .int16(identity.epoch)
        .array([position.topic], (name) =>
          body.string(name).array([0], (index) => body.int32(index).int64(position.offset).string('')),
        ),
    )
    response.int32()
    return { errorCode: readErrorCodes(response)[0] ?? -1 }
  })
  return errorCode
}

/** Commits an offset as an administrator does: outside of any generation. */
export async function commitOffset(
  raw: RawClient,
  position: { groupId: string; topic: string; offset: number },
): Promise<number> {
  const { errorCode } = await patiently('the offset', async () => {
    const response = await raw.request('offsetCommit', 5, (body) =>
      body
        .string(position.groupId)
        .int32(-1)
        .string('')
        .array([position.topic], (name) =>
          body.string(name).array([0], (index) => body.int32(index).int64(position.offset).string('')),
        ),
    )
    response.int32()
    return { errorCode: readErrorCodes(response)[0] ?? -1 }
  })
  return errorCode
}

export async function endTransaction(
  raw: RawClient,
  transactionalId: string,
  identity: Identity,
  isCommit: boolean,
): Promise<number> {
  const { errorCode } = await patiently('the end of the transaction', async () => {
    const response = await raw.request('endTxn', 1, (body) =>
      body.string(transactionalId).int64(identity.producerId).int16(identity.epoch).boolean(isCommit),
    )
    response.int32()
    return { errorCode: response.int16() }
  })
  return errorCode
}

export async function listOffset(
  raw: RawClient,
  topic: string,
  time_ms: number,
  isolation: 0 | 1,
): Promise<{ offset: number; timestamp_ms: number }> {
  const response = await raw.request('listOffsets', 3, (body) =>
    body
      .int32(-1)
      .int8(isolation)
      .array([topic], (name) => body.string(name).array([0], (index) => body.int32(index).int64(time_ms))),
  )
  response.int32()
  const found = response.array(() => {
    response.string()
    return response.array(() => {
      response.int32()
      response.int16()
      return { timestamp_ms: response.int64(), offset: response.int64() }
    })
  })
  return found[0]?.[0] ?? { offset: -1, timestamp_ms: -1 }
}

/** The error codes of a response that is topics of partitions with a code each. */
function readErrorCodes(response: Reader): number[] {
  return response
    .array(() => {
      response.string()
      return response.array(() => {
        response.int32()
        return response.int16()
      })
    })
    .flat()
}

async function patiently<T extends { errorCode: number }>(what: string, ask: () => Promise<T>): Promise<T> {
  return waitFor(what, async () => {
    const answer = await ask()
    return NOT_YET.includes(answer.errorCode) ? null : answer
  }) as Promise<T>
}

export interface FetchOptions {
  readonly offset: number
  readonly isolation?: 0 | 1
  readonly wait_ms?: number
  readonly bytes_min?: number
  readonly bytes_max?: number
  readonly sessionEpoch?: number
  readonly index?: number
}

/** One fetch of one partition, version 11. */
export async function fetchOnce(raw: RawClient, topic: string, options: FetchOptions) {
  const {
    offset,
    isolation = 0,
    wait_ms = 0,
    bytes_min = 1,
    bytes_max = 1 << 20,
    sessionEpoch = -1,
    index = 0,
  } = options
  const response = await raw.request('fetch', 11, (body) =>
    body
      .int32(-1)
      .int32(wait_ms)
      .int32(bytes_min)
      .int32(1 << 25)
      .int8(isolation)
      .int32(0)
      .int32(sessionEpoch)
      .array([topic], (name) =>
        body
          .string(name)
          .array([index], (partition) => body.int32(partition).int32(-1).int64(offset).int64(-1).int32(bytes_max)),
      )
      .array([], () => undefined)
      .string(''),
  )
  response.int32()
  const sessionError = response.int16()
  response.int32()
  const topics = response.array(() => {
    response.string()
    return response.array(() => {
      response.int32()
      const errorCode = response.int16()
      const highWatermark = response.int64()
      const lastStableOffset = response.int64()
      const startOffset = response.int64()
      const aborted = response.nullableArray(() => ({ producerId: response.int64(), firstOffset: response.int64() }))
      response.int32()
      return { errorCode, highWatermark, lastStableOffset, startOffset, aborted, records: response.bytes() }
    })
  })
  return { sessionError, partition: topics[0]?.[0] }
}
