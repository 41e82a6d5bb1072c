import avro from 'avsc'
import { expect, test } from 'vitest'
import { localSchema, localType } from '../../../lib/avro/record-types.ts'
import type { TopicName } from '../../../schemas/topics.ts'

interface RecordSchema {
  readonly fields: { readonly name: string }[]
}

/** The schema of a topic as it was before some of its fields were there. */
function before(topic: TopicName, added: readonly string[]) {
  const schema = JSON.parse(localSchema(topic)) as RecordSchema
  const fields = schema.fields.filter(({ name }) => !added.includes(name))
  expect(fields).toHaveLength(schema.fields.length - added.length)
  return avro.Type.forSchema({ ...schema, fields } as unknown as Parameters<typeof avro.Type.forSchema>[0])
}

test('reads a dead letter of the version that kept no headers and marked no replay', () => {
  const writer = before('dead-letters', ['headers', 'replayed'])
  const place = { source: 'requests', partition: 0, offset: 7, line: null, stage: 'fingerprints' }
  const rest = {
    reason: 'bad_avro',
    detail: '',
    key: null,
    payload: Buffer.from('x'),
    size_bytes: 1,
    content_hash: null,
  }
  const reader = localType('dead-letters')
  const letter = reader.fromBuffer(writer.toBuffer({ ...place, ...rest }), reader.createResolver(writer))
  expect(letter).toMatchObject({ ...place, ...rest, headers: [], replayed: false })
})

test('reads what stages wrote for each other before accounts could be erased', () => {
  for (const topic of ['sightings', 'links'] as const) {
    const writer = before(topic, ['erased_accounts'])
    const reader = localType(topic)
    const list = topic === 'links' ? { links: [] } : { sightings: [] }
    const bytes = writer.toBuffer({ hop: 7, active_accounts: 3, ...list })
    expect(reader.fromBuffer(bytes, reader.createResolver(writer))).toMatchObject({ hop: 7, erased_accounts: [] })
  }
})

test('a reader that knows no erasure takes it for an outcome that it does not know', () => {
  const schema = JSON.parse(localSchema('outcomes').replace(/,\s*"erased"/, ''))
  const old = avro.Type.forSchema(schema)
  const now = localType('outcomes')
  const outcome = {
    event_id: null,
    event_time_ms: 1,
    account_id: 'a',
    outcome: 'erased',
    alert_id: null,
    reason_code: null,
  }
  expect(old.fromBuffer(now.toBuffer(outcome), old.createResolver(now))).toMatchObject({ outcome: 'unknown' })
})
