import { createHash } from 'node:crypto'
import { TOPICS, type TopicName } from '../../schemas/topics.ts'
import type { DeadLetter } from '../../schemas/types.ts'
import type { Codec } from '../avro/codec.ts'
import { schemaIdOf } from '../avro/wire-format.ts'
import { isWord } from '../stream/kept-record.ts'

/** Where a letter stands on the dead-letters topic, and when it was written. */
export interface LetterPlace {
  readonly partition: number
  readonly offset: number
  readonly timestamp_ms: number
}

/** One letter in a list: no bytes. */
export function summaryOf(letter: DeadLetter, { partition, offset, timestamp_ms }: LetterPlace) {
  const { stage, reason, detail, source, size_bytes } = letter
  return {
    position: `${partition}/${offset}`,
    written: timeOf(timestamp_ms),
    stage,
    reason,
    source,
    place: placeOf(letter),
    size_bytes,
    detail,
  }
}

/** Everything that is known about one letter. Its payload stays out: size, schema and hash say which one it is. */
export function viewOf(letter: DeadLetter, place: LetterPlace, codec: Pick<Codec, 'decode'>) {
  const { key, headers, payload, content_hash, replayed } = letter
  return {
    ...summaryOf(letter, place),
    key: key === null ? null : key.toString(),
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value.toString()])),
    content_hash,
    payload:
      payload === null
        ? null
        : {
            size_bytes: payload.length,
            schema_id: schemaIdOf(payload),
            sha256: createHash('sha256').update(payload).digest('hex'),
          },
    replayed,
    ...decodedWith(letter, codec),
  }
}

/** `topic/partition@offset` of a record, `file:line` of an input line. */
export function placeOf({ source, partition, offset, line }: DeadLetter): string {
  return offset === null ? `${source}:${line}` : `${source}/${partition}@${offset}`
}

function decodedWith({ source, payload }: DeadLetter, codec: Pick<Codec, 'decode'>) {
  if (payload === null || !Object.hasOwn(TOPICS, source)) return { decoded: null, undecodable: null }
  const { value, rejection } = codec.decode(source as TopicName, payload)
  return rejection
    ? { decoded: null, undecodable: rejection.detail }
    : { decoded: withoutText(value), undecodable: null }
}

/** The value with everything left out that is longer than an identifier, or holds white space. */
function withoutText(value: unknown): unknown {
  if (typeof value === 'string') return isWord(Buffer.from(value)) ? value : `(${value.length} characters)`
  if (Buffer.isBuffer(value)) return `(${value.length} bytes)`
  if (Array.isArray(value)) return value.map(withoutText)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withoutText(field)]))
}

export function timeOf(time_ms: number): string {
  return new Date(time_ms).toISOString()
}
