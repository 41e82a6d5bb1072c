import type { Fields } from '../../schemas/fields.ts'
import type { TopicName } from '../../schemas/topics.ts'
import type { TopicValues } from '../../schemas/values.ts'
import { InvariantViolated } from '../ops/errors.ts'
import { projectedType } from './projection.ts'
import { compileProjection } from './projection-reader.ts'
import { localSchema, localType, parseSchema, type Resolver, type Type } from './record-types.ts'
import { FRAME_BYTES, schemaIdOf, writeFrame } from './wire-format.ts'

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
  | { readonly value: Value; readonly read: Read<Value>; readonly rejection: null }
  | { readonly value: null; readonly rejection: { readonly reason: DecodeReason; readonly detail: string } }

/** Reads again, from any place, bytes that have been decoded once: the whole frame begins at `at`. */
export type Read<Value> = (bytes: Buffer, at: number) => Value

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
  /**
   * Reads a value into the local schema, whichever compatible schema wrote it. Never throws for bytes from outside. With
   * `fields` the value has these alone, and bytes of the others are skipped. Pass the same object each time.
   */
  decode<Topic extends TopicName>(
    topic: Topic,
    bytes: Buffer,
    fields?: Fields<TopicValues[Topic]>,
  ): Decoded<TopicValues[Topic]>
  /**
   * As `decode` with `fields`, for a value that is read later: what it has now are the fields of `first` at least, which are
   * among `fields`, and `read` gives it with all. One choice of `fields` always goes with one of `first`.
   */
  glance<Topic extends TopicName>(
    topic: Topic,
    bytes: Buffer,
    fields: Fields<TopicValues[Topic]>,
    first: Fields<TopicValues[Topic]>,
  ): Decoded<TopicValues[Topic]>
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
  const projections = new Map<object, Type>()
  const readers: Readers = new Map()
  const glancers: Readers = new Map()

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

  function projectionOf<Topic extends TopicName>(topic: Topic, fields: Fields<TopicValues[Topic]>): Type {
    const known = projections.get(fields)
    if (known) return known
    const type = projectedType(topic, fields)
    projections.set(fields, type)
    return type
  }

  /** A reader by what it reads into and the writer's schema; made once. Null: there is no such schema. */
  function readerOf(known: Readers, into: object, id: number, create: Create): Reader | 'incompatible' | null {
    let readersInto = known.get(into)
    if (!readersInto) {
      readersInto = new Map()
      known.set(into, readersInto)
    }
    const reader = readersInto.get(id)
    if (reader) return reader
    const schema = schemas.get(id)
    if (schema === undefined) return null
    const made = createOrRefuse(create, schema)
    readersInto.set(id, made)
    return made
  }

  function decodeWith<Topic extends TopicName>(
    topic: Topic,
    bytes: Buffer,
    known: Readers,
    into: object,
    create: Create,
  ): Decoded<TopicValues[Topic]> {
    const id = schemaIdOf(bytes)
    if (id === null) return rejected('bad_wire_format', `${bytes.length} bytes do not start with 0x00 and a schema id`)
    const reader = readerOf(known, into, id, create)
    if (reader === null) return rejected('unknown_schema', `the registry has no schema ${id}`)
    if (reader === 'incompatible') {
      return rejected('unknown_schema', `schema ${id} can not be read as a value of ${topic}`)
    }
    try {
      const { value, offset } = reader.decode(bytes, FRAME_BYTES)
      if (offset === bytes.length) return { value, read: reader.read, rejection: null }
    } catch {
      // The message of avsc may quote what it found; the detail of a dead letter must not.
    }
    return rejected('bad_avro', `${bytes.length - FRAME_BYTES} bytes are no value of schema ${id}`)
  }

  return {
    async prepareTopics(topics) {
      const missing = topics.filter((topic) => !writerIds.has(topic))
      await Promise.all(
        missing.map(async (topic) => {
          const id = await source.idOf(topic)
          writerIds.set(topic, id)
          // What we write we can read, whether or not the registry is there when it comes back to us.
          schemas.set(id, localSchema(topic))
        }),
      )
    },
    async prepareRecords(records) {
      await Promise.all([...missingIds(records)].map(fetchSchema))
    },
    isPrepared: (records) => missingIds(records).size === 0,
    encode(topic, value) {
      const id = writerIds.get(topic)
      if (id === undefined) throw new InvariantViolated(`${topic} was written to before its schema id was fetched`)
      return framed(id, localType(topic), value)
    },
    decode(topic, bytes, fields) {
      if (fields === undefined) {
        const type = localType(topic)
        return decodeWith(topic, bytes, readers, type, (schema) => createReader(type, schema))
      }
      return decodeWith(topic, bytes, readers, fields, (schema) =>
        createProjectionReader(topic, projectionOf(topic, fields), schema, fields, fields),
      )
    },
    glance(topic, bytes, fields, first) {
      return decodeWith(topic, bytes, glancers, fields, (schema) =>
        createProjectionReader(topic, projectionOf(topic, fields), schema, fields, first),
      )
    },
  }
}

// Grows to the largest value that was ever encoded, which a broker's limit on a record bounds.
let scratch = Buffer.allocUnsafeSlow(1 << 16)

/** Encodes behind the frame, so that the value is copied once: into a buffer of its own size. */
function framed(id: number, type: Type, value: object): Buffer {
  let end = type.encode(value, scratch, FRAME_BYTES)
  if (end < 0) {
    // avsc says with its sign how far the value did not fit.
    scratch = Buffer.allocUnsafeSlow(2 * (scratch.length - end))
    end = type.encode(value, scratch, FRAME_BYTES)
  }
  writeFrame(scratch, id)
  const bytes = Buffer.allocUnsafe(end)
  scratch.copy(bytes, 0, 0, end)
  return bytes
}

type Create = (schema: string) => Reader
/** By the type or the choice of fields that is read into, then by id of the writer's schema. */
type Readers = Map<object, Map<number, Reader | 'incompatible'>>

interface Reader {
  /** `offset`: where the value ended; negative when the bytes ended before it. Throws on bytes that are no value. */
  // biome-ignore lint/suspicious/noExplicitAny: avsc types a value of a schema as any.
  decode(bytes: Buffer, at: number): { value: any; offset: number }
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly read: Read<any>
}

function createReader(type: Type, schema: string): Reader {
  const writer = parseSchema(schema)
  const resolver: Resolver | undefined = type.equals(writer) ? undefined : type.createResolver(writer)
  const decode: Reader['decode'] = (bytes, at) => type.decode(bytes, at, resolver)
  return { decode, read: (bytes, at) => decode(bytes, at + FRAME_BYTES).value }
}

/** A reader of some fields: compiled where the writer has our schema, avsc's `projection` for any other. */
function createProjectionReader(
  topic: TopicName,
  projection: Type,
  schema: string,
  fields: object,
  first: object,
): Reader {
  const generic = createReader(projection, schema)
  if (!localType(topic).equals(parseSchema(schema))) return generic
  const whole = compileProjection(localSchema(topic), fields)
  const start = compileProjection(localSchema(topic), first, fields)
  if (whole === null || start === null) return generic
  return {
    decode: (bytes, at) => ({ value: start.read(bytes, at), offset: start.end() }),
    read: (bytes, at) => whole.read(bytes, at + FRAME_BYTES),
  }
}

function createOrRefuse(create: Create, schema: string): Reader | 'incompatible' {
  try {
    return create(schema)
  } catch {
    return 'incompatible'
  }
}

function rejected(reason: DecodeReason, detail: string): Decoded<never> {
  return { value: null, rejection: { reason, detail } }
}
