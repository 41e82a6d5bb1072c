import { describe, expect, test } from 'vitest'
import { createCodec, type SchemaSource } from '../../../lib/avro/codec.ts'
import { localSchema, parseSchema } from '../../../lib/avro/record-types.ts'
import { frame } from '../../../lib/avro/wire-format.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import type { HopCut, Outcome } from '../../../schemas/types.ts'

const CUT: HopCut = { partition: 3, hop: 29_000_000, end_offsets: [{ topic: 'requests', offset: 12 }] }

function sourceOf(schemas: Record<number, string>, ids: Partial<Record<TopicName, number>> = {}) {
  const asked: number[] = []
  const source: SchemaSource = {
    schemaById: async (id) => {
      asked.push(id)
      return schemas[id] ?? null
    },
    idOf: async (topic) => ids[topic] ?? 1,
  }
  return { source, asked }
}

async function decodeOnce(topic: TopicName, bytes: Buffer, schemas: Record<number, string>) {
  const codec = createCodec(sourceOf(schemas).source)
  await codec.prepareRecords([bytes])
  return codec.decode(topic, bytes)
}

describe('the Avro codec', () => {
  test('reads back what it wrote without asking the registry', async () => {
    const { source, asked } = sourceOf({ 7: localSchema('hops') }, { hops: 7 })
    const codec = createCodec(source)
    await codec.prepareTopics(['hops'])
    const bytes = codec.encode('hops', CUT)
    expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 0, 0, 7])
    expect(codec.isPrepared([bytes])).toBe(true)
    expect(codec.decode('hops', bytes)).toMatchObject({ value: CUT, rejection: null })
    expect(asked).toEqual([])
  })

  test("asks for another writer's schema once", async () => {
    const { source, asked } = sourceOf({ 7: localSchema('hops') }, { hops: 7 })
    const writer = createCodec(source)
    await writer.prepareTopics(['hops'])
    const bytes = writer.encode('hops', CUT)
    const codec = createCodec(source)
    expect(codec.isPrepared([bytes])).toBe(false)
    await Promise.all([codec.prepareRecords([bytes, bytes]), codec.prepareRecords([bytes, null])])
    expect(codec.isPrepared([bytes])).toBe(true)
    expect(codec.decode('hops', bytes)).toMatchObject({ value: CUT, rejection: null })
    await codec.prepareRecords([bytes])
    expect(asked).toEqual([7])
  })

  test('gives a field that an older writer did not know its default', async () => {
    const older = JSON.parse(localSchema('hops'))
    older.fields = older.fields.filter(({ name }: { name: string }) => name !== 'end_offsets')
    const text = JSON.stringify(older)
    const bytes = frame(4, parseSchema(text).toBuffer({ partition: 3, hop: 5 }))
    expect(await decodeOnce('hops', bytes, { 4: text })).toMatchObject({
      value: { partition: 3, hop: 5, end_offsets: [] },
      rejection: null,
    })
  })

  test('skips a field that only a newer writer knows', async () => {
    const newer = JSON.parse(localSchema('hops'))
    newer.fields.unshift({ name: 'region', type: 'string', default: '' })
    const text = JSON.stringify(newer)
    const bytes = frame(9, parseSchema(text).toBuffer({ region: 'north', ...CUT }))
    expect(await decodeOnce('hops', bytes, { 9: text })).toMatchObject({ value: CUT, rejection: null })
  })

  test("maps a newer writer's enum symbol to the reader's default", async () => {
    const newer = JSON.parse(localSchema('outcomes'))
    const field = newer.fields.find(({ name }: { name: string }) => name === 'outcome')
    field.type.symbols.push('quarantined')
    const text = JSON.stringify(newer)
    const outcome = {
      event_id: null,
      event_time_ms: 5,
      account_id: 'a',
      outcome: 'quarantined',
      alert_id: null,
      reason_code: null,
    }
    const bytes = frame(2, parseSchema(text).toBuffer(outcome))
    const decoded = await decodeOnce('outcomes', bytes, { 2: text })
    expect((decoded.value as Outcome).outcome).toBe('unknown')
  })

  test('names why bytes are no value, without quoting them', async () => {
    const schemas = { 1: localSchema('hops'), 2: localSchema('requests') }
    const body = parseSchema(schemas[1]).toBuffer(CUT)
    const cases: [Buffer, string][] = [
      [Buffer.from('{"prompt":"secret text"}'), 'bad_wire_format'],
      [Buffer.alloc(0), 'bad_wire_format'],
      [frame(99, body), 'unknown_schema'],
      [frame(2, body), 'unknown_schema'],
      [frame(1, body.subarray(0, 3)), 'bad_avro'],
      [frame(1, Buffer.concat([body, Buffer.from('secret')])), 'bad_avro'],
    ]
    for (const [bytes, reason] of cases) {
      const { value, rejection } = await decodeOnce('hops', bytes, schemas)
      expect(value).toBeNull()
      expect(rejection?.reason).toBe(reason)
      expect(rejection?.detail).not.toContain('secret')
    }
  })

  test("what is read at a glance can be read in full, whether the writer's schema is ours or an older one", async () => {
    const older = JSON.parse(localSchema('hops'))
    older.fields = older.fields.filter(({ name }: { name: string }) => name !== 'end_offsets')
    const schemas = { 1: localSchema('hops'), 4: JSON.stringify(older) }
    const codec = createCodec(sourceOf(schemas).source)
    for (const [id, end_offsets] of [
      [1, CUT.end_offsets],
      [4, []],
    ] as const) {
      const bytes = frame(id, parseSchema(schemas[id]).toBuffer(CUT))
      await codec.prepareRecords([bytes])
      const glance = codec.glance('hops', bytes, { hop: true, end_offsets: { offset: true } }, { hop: true })
      expect(glance.value).toMatchObject({ hop: CUT.hop })
      if (glance.rejection) throw new Error(glance.rejection.detail)
      const read = glance.read(Buffer.concat([Buffer.alloc(3), bytes]), 3)
      expect(JSON.parse(JSON.stringify(read))).toEqual({
        hop: CUT.hop,
        end_offsets: end_offsets.map(({ offset }) => ({ offset })),
      })
    }
  })

  test('asks once about an id that the registry does not know', async () => {
    const { source, asked } = sourceOf({})
    const codec = createCodec(source)
    const bytes = frame(5, Buffer.alloc(1))
    await codec.prepareRecords([bytes])
    await codec.prepareRecords([bytes])
    expect(asked).toEqual([5])
  })

  test('rejects while the registry is away, and asks again after', async () => {
    let isAway = true
    const codec = createCodec({
      schemaById: async () => {
        if (isAway) throw new Error('away')
        return localSchema('hops')
      },
      idOf: async () => 1,
    })
    const bytes = frame(1, parseSchema(localSchema('hops')).toBuffer(CUT))
    await expect(codec.prepareRecords([bytes])).rejects.toThrow('away')
    isAway = false
    await codec.prepareRecords([bytes])
    expect(codec.decode('hops', bytes).value).toEqual(CUT)
  })

  test('refuses to write to a topic whose schema id was not fetched', () => {
    const codec = createCodec(sourceOf({}).source)
    expect(() => codec.encode('hops', CUT)).toThrow('hops was written to before its schema id was fetched')
  })
})
