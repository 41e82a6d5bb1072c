import { refusalOf } from '../errors.ts'
import { checkOffsetMetadata } from '../group-coordinator.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Handler } from '../request.ts'

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
  if (version >= 3) response.int32(0)
  response.array(topics, ({ name, partitions }) => {
    response.string(name)
    response.array(partitions, ({ index, offset, metadata }) => {
      const refusal =
        rejected ??
        refusalOf(() => {
          broker.topics.partition(name, index)
          checkOffsetMetadata(metadata)
          broker.groups.find(groupId)?.offsets.set({ topic: name, partition: index, offset, metadata })
        })
      response.int32(index).int16(refusal?.errorCode ?? ErrorCode.NONE)
    })
  })
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
