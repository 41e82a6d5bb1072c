import type { TopicName } from '../../schemas/topics.ts'
import type { TopicValues } from '../../schemas/values.ts'
import { InvariantViolated } from '../ops/errors.ts'
import { localType, parseSchema, type Resolver } from './record-types.ts'
import { FRAME_BYTES, frame, schemaIdOf } from './wire-format.ts'

/** Where schemas and their ids come from: a registry. Both reject when it can't be reached. */
export interface SchemaSource {
  /** The schema that a writer used, as JSON text; null when there is no such id. */
  schemaById(id: number): Promise<string | null>
  /** Id of the local schema of a topic's values. */
  idOf(topic: TopicName): Promise<number>
}

/** Why bytes are not a value of their topic. */
export type DecodeReason = 'bad_wire_format' | 'unknown_schema' | 'bad_avro'

export type Decoded<Value> =
  | { readonly value: Value; readonly rejection: null }
  | { readonly value: null; readonly rejection: { readonly reason: DecodeReason; readonly detail: string } }

/** Values to bytes and back. Synchronous, so that a batch of records is one loop; `prepare…` does what has to be awaited. */
export interface Codec {
  /** Fetches what `encode` needs to know about these topics, once. Rejects when the registry can't be reached. */
  prepareTopics(topics: readonly TopicName[]): Promise<void>
  /** Fetches the schemas that these records were written with, once per id. Rejects when the registry can't be reached. */
  prepareRecords(records: Iterable<Buffer | null>): Promise<void>
  /** True when `decode` knows the writer's schema of each record, or knows that there is none. */
  isPrepared(records: Iterable<Buffer | null>): boolean
  /** Throws InvariantViolated for a topic that was not prepared; an error of avsc for a value that is none of the topic. */
  encode(topic: TopicName, value: object): Buffer
  /** Reads a value into the local schema, whichever compatible schema wrote it. Never throws for bytes from outside. */
  decode<Topic extends TopicName>(topic: Topic, bytes: Buffer): Decoded<TopicValues[Topic]>
}

// A registry hands out ids one by one, so a stream of records with made-up ids is an error of the sender; 1,000 known
// non-ids cost 8 kB, and the next one pushes out the oldest.
const UNKNOWN_IDS_MAX = 1_000

/**
 * A codec over a schema registry, with one resolver per writer schema: resolving a schema per message costs fifty times
 * the decoding itself.
 */
export function createCodec(source: SchemaSource): Codec {
  const writerIds = new Map<TopicName, number>()
  const schemas = new Map<number, string>()
  const unknownIds = new Set<number>()
  const fetching = new Map<number, Promise<void>>()
  const resolvers = new Map<string, Resolver | 'same' | 'incompatible'>()

  function fetchSchema(id: number): Promise<void> {
    const running = fetching.get(id)
    if (running) return running
    const fetched = source
      .schemaById(id)
      .then((schema) => {
        if (schema !== null) {
          schemas.set(id, schema)
          return
        }
        const oldest = unknownIds.values().next()
        if (unknownIds.size >= UNKNOWN_IDS_MAX && !oldest.done) unknownIds.delete(oldest.value)
        unknownIds.add(id)
      })
      .finally(() => fetching.delete(id))
    fetching.set(id, fetched)
    return fetched
  }

  function missingIds(records: Iterable<Buffer | null>): Set<number> {
    const missing = new Set<number>()
    for (const bytes of records) {
      const id = bytes === null ? null : schemaIdOf(bytes)
      if (id !== null && !schemas.has(id) && !unknownIds.has(id)) missing.add(id)
    }
    return missing
  }

  function resolverOf(topic: TopicName, id: number): Resolver | 'same' | 'incompatible' | null {
    const place = `${id}/${topic}`
    const known = resolvers.get(place)
    if (known) return known
    const schema = schemas.get(id)
    if (schema === undefined) return null
    const resolver = createResolver(topic, schema)
    resolvers.set(place, resolver)
    return resolver
  }

  return {
    async prepareTopics(topics) {
      const missing = topics.filter((topic) => !writerIds.has(topic))
      await Promise.all(missing.map(async (topic) => writerIds.set(topic, await source.idOf(topic))))
    },
    async prepareRecords(records) {
      await Promise.all([...missingIds(records)].map(fetchSchema))
    },
    isPrepared: (records) => missingIds(records).size === 0,
    encode(topic, value) {
      const id = writerIds.get(topic)
      if (id === undefined) throw new InvariantViolated(`${topic} was written to before its schema id was fetched`)
      return frame(id, localType(topic).toBuffer(value))
    },
    decode(topic, bytes) {
      const id = schemaIdOf(bytes)
      if (id === null)
        return rejected('bad_wire_format', `${bytes.length} bytes do not start with 0x00 and a schema id`)
      const resolver = resolverOf(topic, id)
      if (resolver === null) return rejected('unknown_schema', `the registry has no schema ${id}`)
      if (resolver === 'incompatible') {
        return rejected('unknown_schema', `schema ${id} can not be read as a value of ${topic}`)
      }
      try {
        const body = bytes.subarray(FRAME_BYTES)
        const type = localType(topic)
        const value = resolver === 'same' ? type.fromBuffer(body) : type.fromBuffer(body, resolver)
        return { value, rejection: null }
      } catch {
        // The message of avsc may quote what it found; the detail of a dead letter must not.
        return rejected('bad_avro', `${bytes.length - FRAME_BYTES} bytes are no value of schema ${id}`)
      }
    },
  }
}

function createResolver(topic: TopicName, schema: string): Resolver | 'same' | 'incompatible' {
  try {
    const reader = localType(topic)
    const writer = parseSchema(schema)
    return reader.equals(writer) ? 'same' : reader.createResolver(writer)
  } catch {
    return 'incompatible'
  }
}

function rejected(reason: DecodeReason, detail: string): Decoded<never> {
  return { value: null, rejection: { reason, detail } }
}
