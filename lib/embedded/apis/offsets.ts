import type { PartitionOffset } from '../committed-offsets.ts'
import { type Refused, refusalOf } from '../errors.ts'
import { checkOffsetMetadata } from '../group-coordinator.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Writer } from '../protocol/writer.ts'
import type { BrokerState, Handler } from '../request.ts'

export const offsetCommit: Handler = (request, response, version, { broker }) => {
  const groupId = request.string()
  const generation = request.int32()
  const memberId = request.string()
  if (version < 5) request.int64() // retention time
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => ({
      index: request.int32(),
      offset: request.int64(),
      metadata: request.nullableString(),
    })),
  }))
  const rejected = refusalOf(() => {
    broker.groups.forCommit(groupId, memberId, generation, false)
  })
  const { accepted, refusals } = checkOffsets(broker, topics, rejected)
  broker.groups.commit(new Map([[groupId, accepted]]))
  if (version >= 3) response.int32(0)
  writeRefusals(response, topics, refusals)
  return 'respond'
}

export const offsetFetch: Handler = (request, response, version, { broker }) => {
  const offsets = broker.groups.find(request.string())?.offsets
  const asked = request.nullableArray(() => ({
    topic: request.string(),
    partitions: request.array(() => request.int32()),
  }))
  if (version >= 3) response.int32(0)
  response.array(asked ?? offsets?.partitions() ?? [], ({ topic, partitions }) => {
    response.string(topic)
    response.array(partitions, (index) => {
      const committed = offsets?.get(topic, index)
      response
        .int32(index)
        .int64(committed?.offset ?? -1)
        .string(committed?.metadata ?? '')
        .int16(ErrorCode.NONE)
    })
  })
  if (version >= 2) response.int16(ErrorCode.NONE)
  return 'respond'
}

/** Positions of a commit request, by topic. */
type RequestedOffsets = readonly {
  readonly name: string
  readonly partitions: readonly { index: number; offset: number; metadata: string | null }[]
}[]

/** The positions that may be stored, and the refusals by topic and partition of the request. */
export function checkOffsets(
  broker: BrokerState,
  topics: RequestedOffsets,
  rejected: Refused | null,
): { accepted: PartitionOffset[]; refusals: (Refused | null)[][] } {
  const accepted: PartitionOffset[] = []
  const refusals = topics.map(({ name, partitions }) =>
    partitions.map(({ index, offset, metadata }) => {
      const refusal =
        rejected ??
        refusalOf(() => {
          broker.topics.partition(name, index)
          checkOffsetMetadata(metadata)
        })
      if (refusal === null) accepted.push({ topic: name, partition: index, offset, metadata })
      return refusal
    }),
  )
  return { accepted, refusals }
}

/** The answer to a commit: each partition with its error code. */
export function writeRefusals(
  response: Writer,
  topics: RequestedOffsets,
  refusals: readonly (readonly (Refused | null)[])[],
): void {
  response.int32(topics.length)
  for (const [at, { name, partitions }] of topics.entries()) {
    response.string(name).int32(partitions.length)
    for (const [place, { index }] of partitions.entries()) {
      response.int32(index).int16(refusals[at]?.[place]?.errorCode ?? ErrorCode.NONE)
    }
  }
}
