import { readFile } from 'node:fs/promises'
import csr from '@kafkajs/confluent-schema-registry'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { createTopic, kafkaClient, producerOf, readTopic, uniqueName } from '../../helpers/kafka-client.ts'

const { SchemaRegistry, SchemaType, COMPATIBILITY } = csr

let broker: TestBroker
let registry: InstanceType<typeof SchemaRegistry>

beforeAll(async () => {
  broker = await openBroker()
  registry = new SchemaRegistry({ host: broker.registryUrl })
})
afterAll(() => broker.close())

const record = (fields: object[], name = 'Event') => JSON.stringify({ type: 'record', name, namespace: 'test', fields })
const avro = (schema: string) => ({ type: SchemaType.AVRO, schema }) as const
const V1 = record([{ name: 'id', type: 'string' }])
const V2 = record([
  { name: 'id', type: 'string' },
  { name: 'count', type: 'long', default: 0 },
])
const BROKEN = record([
  { name: 'id', type: 'string' },
  { name: 'count', type: 'long' },
])

const http = async (method: string, path: string, sent?: unknown) => {
  const response = await fetch(`${broker.registryUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    ...(sent !== undefined && { body: typeof sent === 'string' ? sent : JSON.stringify(sent) }),
  })
  return { status: response.status, type: response.headers.get('content-type'), body: parsed(await response.text()) }
}

// Tests look into answers of every shape; what is not there reads as undefined and fails its expectation.
const parsed = (text: string) => {
  try {
    return JSON.parse(text)
  } catch {
    // Apicurio answers some mistakes with prose, whatever its media type says.
    return {}
  }
}

describe('the schema registry through its client', () => {
  test('registers, evolves, encodes and decodes', async () => {
    const subject = uniqueName('subject')
    const first = await registry.register(avro(V1), { subject })
    await expect(registry.register(avro(BROKEN), { subject })).rejects.toThrow(/incompatible/)
    const second = await registry.register(avro(V2), { subject })
    expect(second.id).not.toBe(first.id)
    expect(await registry.register(avro(V1), { subject })).toEqual(first)
    expect(await registry.getLatestSchemaId(subject)).toBe(second.id)
    expect(await registry.getRegistryId(subject, 1)).toBe(first.id)
    expect(await registry.getRegistryIdBySchema(subject, avro(V2))).toBe(second.id)
    const bytes = await registry.encode(first.id, { id: 'x' })
    const fresh = new SchemaRegistry({ host: broker.registryUrl })
    expect(await fresh.decode(bytes)).toEqual({ id: 'x' })
    expect(await fresh.decode(bytes, { [SchemaType.AVRO]: { readerSchema: JSON.parse(V2) } })).toMatchObject({
      id: 'x',
      count: 0,
    })
  })

  test('holds a subject to the compatibility it was first registered with', async () => {
    const subject = uniqueName('subject')
    await registry.register(avro(V1), { subject, compatibility: COMPATIBILITY.FORWARD_TRANSITIVE })
    await registry.register(avro(BROKEN), { subject, compatibility: COMPATIBILITY.FORWARD_TRANSITIVE })
    await expect(registry.register(avro(V1), { subject })).rejects.toThrow(/FORWARD_TRANSITIVE/)
  })

  test('accepts the schemas of this project', async () => {
    const schema = await readFile(new URL('../../../schemas/request.avsc', import.meta.url), 'utf8')
    const { id } = await registry.register(avro(schema), { subject: uniqueName('request') })
    expect((await registry.getSchema(id)).isValid({})).toBe(false)
  })

  test('carries records through Kafka', async () => {
    const kafka = kafkaClient(broker.brokers)
    const admin = kafka.admin()
    await admin.connect()
    const topic = await createTopic(admin)
    const { id } = await registry.register(avro(V2), { subject: `${topic}-value` })
    const producer = producerOf(kafka)
    await producer.connect()
    await producer.send({ topic, messages: [{ key: 'k', value: await registry.encode(id, { id: 'x', count: 3 }) }] })
    const [received] = await readTopic(kafka, topic, (all) => all.length === 1)
    expect(await registry.decode(received?.message.value ?? Buffer.alloc(0))).toMatchObject({ id: 'x', count: 3 })
    await Promise.all([producer.disconnect(), admin.disconnect()])
  })
})

/** Status and Confluent's error code of an answer. */
const codeOf = async (...request: Parameters<typeof http>) => {
  const { status, body } = await http(...request)
  return [status, body.error_code]
}

describe('the schema registry over HTTP', () => {
  test('lists subjects and versions, and looks schemas up', async () => {
    const subject = uniqueName('subject/with ünusual:name')
    const path = `/subjects/${encodeURIComponent(subject)}`
    const { body } = await http('POST', `${path}/versions`, { schema: V1 })
    await http('POST', `${path}/versions`, { schema: V2 })
    expect((await http('GET', '/subjects')).body).toContain(subject)
    expect((await http('GET', `${path}/versions`)).body).toEqual([1, 2])
    expect((await http('GET', `${path}/versions/1`)).body).toMatchObject({ subject, version: 1, id: body.id })
    for (const latest of ['latest', '-1']) {
      expect((await http('GET', `${path}/versions/${latest}`)).body).toMatchObject({ subject, version: 2 })
    }
    expect((await http('GET', `${path}/versions/1/schema`)).body).toEqual(JSON.parse(V1))
    expect((await http('POST', path, { schema: V1 })).body).toMatchObject({ subject, version: 1, id: body.id })
    expect(JSON.parse((await http('GET', `/schemas/ids/${body.id}`)).body.schema)).toMatchObject({ name: 'Event' })
    expect((await http('GET', `/schemas/ids/${body.id}/versions`)).body).toContainEqual({ subject, version: 1 })
  })

  test('answers what is missing or malformed with codes that clients understand', async () => {
    const subject = uniqueName('subject')
    expect(await codeOf('GET', `/subjects/${subject}/versions`)).toEqual([404, 40401])
    expect(await codeOf('POST', `/subjects/${subject}`, { schema: V1 })).toEqual([404, 40401])
    expect((await http('GET', `/config/${subject}`)).status).toBe(404)
    await http('POST', `/subjects/${subject}/versions`, { schema: V1 })
    expect(await codeOf('GET', `/subjects/${subject}/versions/9`)).toEqual([404, 40402])
    expect(await codeOf('POST', `/subjects/${subject}`, { schema: V2 })).toEqual([404, 40403])
    expect(await codeOf('GET', '/schemas/ids/2000000000')).toEqual([404, 40403])
    expect(await codeOf('POST', `/subjects/${subject}/versions`, { schema: '{"type":"wat"}' })).toEqual([422, 42201])
    expect(await codeOf('POST', `/subjects/${subject}/versions`, { schema: BROKEN })).toEqual([409, 409])
    expect((await http('POST', `/subjects/${subject}/versions`, '{not json')).status).toBe(400)
    expect((await http('GET', '/nothing/here')).status).toBe(404)
    expect((await http('PATCH', '/subjects')).status).toBe(405)
  })

  test('gives and takes compatibility, for a subject and for all', async () => {
    const subject = uniqueName('subject')
    expect((await http('GET', '/config')).body).toEqual({ compatibilityLevel: 'BACKWARD' })
    await http('POST', `/subjects/${subject}/versions`, { schema: V1 })
    expect((await http('PUT', `/config/${subject}`, { compatibility: 'FULL' })).status).toBe(200)
    expect((await http('GET', `/config/${subject}`)).body).toEqual({ compatibilityLevel: 'FULL' })
    expect((await http('GET', `/config/${subject}?defaultToGlobal=true`)).body).toEqual({ compatibilityLevel: 'FULL' })
    for (const version of ['', '/latest', '/1']) {
      const check = async (schema: string) =>
        (await http('POST', `/compatibility/subjects/${subject}/versions${version}`, { schema })).body
      expect(await check(V2)).toEqual({ is_compatible: true })
      expect(await check(BROKEN)).toEqual({ is_compatible: false })
    }
  })
})

describe("the schema registry where Confluent's reference and Apicurio differ", () => {
  beforeEach(({ skip }) => {
    skip(broker.registryKind === 'external', 'an external registry may be Apicurio; the embedded one follows Confluent')
  })

  test('says its media type whatever is asked for', async () => {
    expect((await http('GET', '/subjects')).type).toMatch(/^application\/vnd\.schemaregistry\.v1\+json/)
  })

  test('tells a version that cannot be from one that is not there, and no level from no subject', async () => {
    const subject = uniqueName('subject')
    await http('POST', `/subjects/${subject}/versions`, { schema: V1 })
    expect(await codeOf('GET', `/subjects/${subject}/versions/0`)).toEqual([422, 42202])
    expect(await codeOf('GET', `/subjects/${subject}/versions/first`)).toEqual([422, 42202])
    expect(await codeOf('GET', `/config/${subject}`)).toEqual([404, 40408])
  })

  test('refuses what it cannot read, and takes a level in any case', async () => {
    const subject = uniqueName('subject')
    expect(await codeOf('PUT', `/config/${subject}`, { compatibility: 'SIDEWAYS' })).toEqual([422, 42203])
    expect((await http('PUT', `/config/${subject}`, { compatibility: 'full' })).body).toEqual({ compatibility: 'FULL' })
    expect(await codeOf('POST', `/subjects/${subject}/versions`, {})).toEqual([422, 42201])
    const huge = { schema: V1, padding: 'x'.repeat(2_000_000) }
    expect((await http('POST', `/subjects/${subject}/versions`, huge)).status).toBe(413)
  })
})
