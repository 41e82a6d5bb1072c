import type { Type } from 'avsc'
import fc, { type Arbitrary } from 'fast-check'
import { expect, test } from 'vitest'
import { type Codec, createCodec } from '../../../lib/avro/codec.ts'
import { localSchema, localType } from '../../../lib/avro/record-types.ts'
import { TOPIC_NAMES, type TopicName } from '../../../schemas/topics.ts'

const CHANGELOGS = TOPIC_NAMES.filter((topic) => topic.endsWith('.state'))
const LENGTH_MAX = 4
// What avsc 5.7.9 keeps: it refuses longs beyond the upper limit, and garbles those below the lower one without a word.
// Hashes of ours have 52 bits and no sign, times and counts are far from either.
const LONG_MAX = 2 ** 53 - 2
const LONG_MIN = -(2 ** 52)

interface TypeParts {
  readonly typeName: string
  readonly fields?: readonly { readonly name: string; readonly type: Type }[]
  readonly types?: readonly Type[]
  readonly symbols?: readonly string[]
  readonly itemsType?: Type
  readonly valuesType?: Type
  readonly size?: number
}

/** Every value that a schema allows, as far as numbers go that a double holds. */
function anyOf(type: Type): Arbitrary<unknown> {
  const { typeName, fields = [], types = [], symbols = [], itemsType, valuesType, size = 0 } = type as Type & TypeParts
  switch (typeName) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'int':
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    case 'long':
      return fc.maxSafeInteger().map((n) => Math.max(LONG_MIN, Math.min(LONG_MAX, n)))
    case 'double':
      return fc.double({ noNaN: true })
    case 'float':
      return fc.float({ noNaN: true })
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: LENGTH_MAX })
    case 'bytes':
      return fc.uint8Array({ maxLength: 16 }).map((bytes) => Buffer.from(bytes))
    case 'fixed':
      return fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes))
    case 'enum':
      return fc.constantFrom(...symbols)
    case 'array':
      return fc.array(anyOf(itemsType!), { maxLength: LENGTH_MAX })
    case 'map':
      return fc.dictionary(fc.string(), anyOf(valuesType!), { maxKeys: LENGTH_MAX })
    case 'union:unwrapped':
      return fc.oneof(...types.map(anyOf))
    case 'record':
      return fc.record(Object.fromEntries(fields.map((field) => [field.name, anyOf(field.type)])))
    default:
      throw new RangeError(`no values for ${typeName}: teach this test about it`)
  }
}

async function codecOf(topic: TopicName): Promise<Codec> {
  const codec = createCodec({ idOf: async () => 7, schemaById: async () => localSchema(topic) })
  await codec.prepareTopics([topic])
  return codec
}

test.each(CHANGELOGS)('%s reads back to the byte whatever its schema allows', async (topic) => {
  const codec = await codecOf(topic)
  fc.assert(
    fc.property(anyOf(localType(topic)), (value) => {
      const bytes = codec.encode(topic, value as object)
      const decoded = codec.decode(topic, bytes)
      expect(decoded.rejection).toBeNull()
      expect(codec.encode(topic, decoded.value!)).toEqual(bytes)
      expect(localType(topic).compare(decoded.value, value)).toBe(0)
    }),
  )
})

test.each(CHANGELOGS)('%s takes a value that is cut short for no value', async (topic) => {
  const codec = await codecOf(topic)
  fc.assert(
    fc.property(anyOf(localType(topic)), fc.nat(), (value, cut) => {
      const bytes = codec.encode(topic, value as object)
      const short = bytes.subarray(0, 5 + (cut % (bytes.length - 5)))
      expect(codec.decode(topic, short)).toMatchObject({ value: null, rejection: { reason: 'bad_avro' } })
    }),
  )
})
