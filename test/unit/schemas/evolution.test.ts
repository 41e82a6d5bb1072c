import avro from 'avsc'
import { expect, test } from 'vitest'
import { windowOf } from '../../../consumers/detectors/kit.ts'
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

test('reads sightings that were written with the context beside each use', () => {
  const writer = before('sightings', ['accounts'])
  const reader = localType('sightings')
  const context = { org_id: 'org', first_seen_ms: 1, last_seen_ms: 2 }
  const use = { kind: 'span', object: 7, account_id: 'one', n: 1, first_ms: 1, last_ms: 2, context }
  const bytes = writer.toBuffer({ hop: 7, active_accounts: 3, sightings: [use] })
  expect(reader.fromBuffer(bytes, reader.createResolver(writer))).toMatchObject({ sightings: [use], accounts: [] })
})

test('reads a fingerprint that has a window for each length', () => {
  const writer = before('fingerprints', ['lengths'])
  const reader = localType('fingerprints')
  const context = { org_id: 'org', first_seen_ms: 1, last_seen_ms: 2 }
  const windows = [300_000, 3_600_000, 86_400_000].map((window_ms) => ({ window_ms, requests: 1 }))
  const value = { account_id: 'a', hop: 1, event_time_ms: 1, reason: 'first', segment: 'unknown', context, windows }
  const read = reader.fromBuffer(writer.toBuffer(value), reader.createResolver(writer))
  expect(read.lengths).toEqual([])
  expect(windowOf(read, '1h')).toMatchObject({ window_ms: 3_600_000, requests: 1 })
})
