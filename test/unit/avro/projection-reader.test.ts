import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { REQUEST_FIELDS } from '../../../consumers/fingerprints/request-fields.ts'
import { projectedType } from '../../../lib/avro/projection.ts'
import { compileProjection, type ProjectionReader } from '../../../lib/avro/projection-reader.ts'
import { localSchema, localType } from '../../../lib/avro/record-types.ts'
import { PLACING_FIELDS } from '../../../lib/stream/source-values.ts'
import type { Request } from '../../../schemas/types.ts'
import { requestValue } from '../stream/records.ts'

const whole = compiled(REQUEST_FIELDS)
const placing = compiled(PLACING_FIELDS, REQUEST_FIELDS)
const type = localType('requests')
const projection = projectedType('requests', REQUEST_FIELDS)
const resolver = projection.createResolver(type)

function compiled(chosen: object, checked?: object): ProjectionReader {
  const reader = compileProjection(localSchema('requests'), chosen, checked)
  if (reader === null) throw new Error('the schema of requests has something that the compiler does not know')
  return reader
}

function outcomeOf(read: () => { value: unknown; offset: number }, size: number): unknown {
  try {
    const { value, offset } = read()
    return offset === size ? JSON.parse(JSON.stringify(value)) : 'refused'
  } catch {
    return 'refused'
  }
}

const byAvsc = (bytes: Buffer) => outcomeOf(() => projection.decode(bytes, 0, resolver), bytes.length)
const byReader = (reader: ProjectionReader, bytes: Buffer) =>
  outcomeOf(() => ({ value: reader.read(bytes, 0), offset: reader.end() }), bytes.length)

// What avsc writes of a long beyond 52 bits is not that long.
const long = fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), fc.integer(), fc.integer({ min: -70, max: 70 }))
const count = fc.oneof(fc.nat(), fc.nat({ max: 2 ** 52 }))
const hash = fc.nat({ max: 2 ** 52 - 1 })
const span = fc.record({
  hash,
  minhash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  tokens: fc.nat({ max: 500 }),
  place: fc.constantFrom('system' as const, 'head' as const, 'body' as const, 'tail' as const, 'tool' as const),
  cues: fc.nat({ max: 255 }),
})
const requests = fc
  .record({
    event_id: fc.string({ unit: 'grapheme' }),
    event_time_ms: long,
    org_id: fc.option(fc.string()),
    network_hash: fc.option(hash),
    temperature: fc.option(fc.double({ noNaN: true })),
    stream: fc.option(fc.boolean()),
    logit_bias_ids: fc.array(fc.integer(), { maxLength: 40 }),
    input_tokens: count,
    prefix_hashes: fc.array(hash, { maxLength: 8 }),
    spans: fc.option(fc.array(span, { maxLength: 6 })),
  })
  .map((some): Request => {
    const plain = requestValue(some.event_id, some.event_time_ms)
    return {
      ...plain,
      org_id: some.org_id,
      client: { ...plain.client, network_hash: some.network_hash },
      params: {
        ...plain.params,
        temperature: some.temperature,
        stream: some.stream,
        logit_bias_ids: some.logit_bias_ids,
      },
      usage: { ...plain.usage, input_tokens: some.input_tokens },
      sketch:
        some.spans === null
          ? null
          : {
              key_epoch: 1,
              system_hash: some.network_hash,
              prefix_hashes: some.prefix_hashes,
              body_hash: null,
              body_bias_hash: null,
              spans: some.spans,
              cue_scores: [1, 50, 100],
              messages: 3,
              system_chars: 0,
              input_chars: 10,
              output_chars: 20,
            },
    }
  })

describe('a compiled projection of requests', () => {
  test('reads what avsc reads', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const bytes = type.toBuffer(request)
        expect(byReader(whole, bytes)).toEqual(byAvsc(bytes))
        const { account_id, end_time_ms } = request
        expect(byReader(placing, bytes)).toEqual({ account_id, end_time_ms })
      }),
    )
  })

  test('reads the same from the middle of a larger buffer', () => {
    fc.assert(
      fc.property(requests, fc.nat({ max: 100 }), (request, before) => {
        const bytes = type.toBuffer(request)
        const larger = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(9, 0xff)])
        expect(whole.read(larger, before)).toEqual(whole.read(bytes, 0))
      }),
    )
  })

  test('what the placing fields are read from can be read in full, whatever has happened to the bytes', () => {
    fc.assert(
      fc.property(requests, fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (request, place, byte, isCut) => {
        const sound = type.toBuffer(request)
        const bytes = isCut ? sound.subarray(0, place % sound.length) : Buffer.from(sound)
        if (!isCut) bytes[place % bytes.length] = byte
        const isRefused = byReader(placing, bytes) === 'refused'
        expect(byReader(whole, bytes) === 'refused').toBe(isRefused)
        if (isCut) expect(isRefused).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a long that no double holds is refused where it is read, and where it will be', () => {
    const bytes = type.toBuffer(requestValue('e', 0))
    const fields = { event_id: true, event_time_ms: true }
    // The event time comes after the id: one byte of length and one of text.
    const huge = Buffer.concat([bytes.subarray(0, 2), Buffer.from('ffffffffffffffff7f', 'hex'), bytes.subarray(3)])
    expect(() => compiled(fields).read(huge, 0)).toThrow('no safe integer')
    expect(() => compiled({ event_id: true }, fields).read(huge, 0)).toThrow('no safe integer')
  })

  test('what it does not know is left to avsc', () => {
    expect(compileProjection(localSchema('requests'), { client: true })).toBeNull()
    const mapped = { type: 'record', name: 'R', fields: [{ name: 'm', type: { type: 'map', values: 'long' } }] }
    expect(compileProjection(JSON.stringify(mapped), { m: true })).toBeNull()
  })
})
