import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createCodec } from '../../../lib/avro/codec.ts'
import { startEmbeddedBroker } from '../../../lib/embedded/broker.ts'
import { createKafka } from '../../../lib/kafka/client.ts'
import {
  BrokerUnavailable,
  PartitionCountMismatch,
  RegistryUnavailable,
  SchemaNotRegistered,
  SchemaRefused,
  TopicMissing,
} from '../../../lib/kafka/errors.ts'
import { openRegistry } from '../../../lib/kafka/schemas.ts'
import { startStage } from '../../../lib/kafka/stage-runtime.ts'
import { applyTopics, checkTopics } from '../../../lib/kafka/topics.ts'
import { Harness, publishRequests, requestsOf } from './harness.ts'
import { stageSettings, toyWriters } from './settings.ts'
import { countingStage } from './toy.ts'

const harness = new Harness()
afterEach(() => harness.close())
const log = () => undefined

test('says which broker does not answer, after a limited number of retries', async () => {
  const address = `127.0.0.1:${await unusedPort()}`
  const kafka = createKafka({ brokers: [address], clientId: 'test', retries_max: 1, log })
  const codec = createCodec({ schemaById: async () => null, idOf: async () => 1 })
  const settings = stageSettings('', 1)
  const started = startStage({
    stage: countingStage(),
    kafka,
    codec,
    settings,
    writers: toyWriters(1),
    log,
    now: Date.now,
  })
  await expect(started).rejects.toThrow(BrokerUnavailable)
  await expect(started).rejects.toThrow(`no answer from ${address}`)
  await expect(started).rejects.toThrow('check that Kafka runs there and that kafka.brokers is right')
})

test('says which registry does not answer, after a limited number of retries', async () => {
  const cluster = await harness.cluster(1)
  const url = `http://127.0.0.1:${await unusedPort()}`
  const codec = createCodec(openRegistry({ url, clientId: 'test', retries_max: 1, prefix: '' }))
  const started = harness.start(cluster, countingStage(), 1, { codec })
  await expect(started).rejects.toThrow(RegistryUnavailable)
  await expect(started).rejects.toThrow(`no answer from the schema registry at ${url}`)
  await expect(started).rejects.toThrow('kafka.registry_url')
})

test('ends with an error when the broker goes away for good', async () => {
  const broker = await startEmbeddedBroker()
  const kafka = createKafka({ brokers: [broker.address], clientId: 'test', retries_max: 1, log })
  const admin = kafka.admin()
  await admin.connect()
  await applyTopics(admin, { prefix: '', partitions: 1, replicationFactor: 1 })
  await admin.disconnect()
  const codec = createCodec({ schemaById: async () => null, idOf: async () => 1 })
  const settings = { ...stageSettings('', 1), outage_max_ms: 0 }
  const runtime = await startStage({
    stage: countingStage(),
    kafka,
    codec,
    settings,
    writers: toyWriters(1),
    log,
    now: Date.now,
  })
  await broker.stop()
  await expect(runtime.closed).rejects.toThrow(BrokerUnavailable)
  await runtime.stop()
})

test('refuses topics with another number of partitions, and topics that are missing', async () => {
  const cluster = await harness.cluster(2)
  await expect(harness.start(cluster, countingStage(), 3)).rejects.toThrow(PartitionCountMismatch)
  await expect(harness.start(cluster, countingStage(), 3)).rejects.toThrow('has 2 partitions, 3 expected')
  const admin = cluster.kafka.admin()
  await admin.connect()
  harness.onClose(() => admin.disconnect())
  const { prefix } = cluster
  await expect(applyTopics(admin, { prefix, partitions: 3, replicationFactor: 1 })).rejects.toThrow(
    PartitionCountMismatch,
  )
  await expect(checkTopics(admin, { prefix: `${prefix}other.`, partitions: 2 }, ['requests'])).rejects.toThrow(
    TopicMissing,
  )
  await checkTopics(admin, { prefix, partitions: 2 })
  const again = await applyTopics(admin, { prefix, partitions: 2, replicationFactor: 1 })
  expect(again.created).toEqual([])
  expect(again.existing).toContain(`${prefix}requests`)
})

test('registers each schema once, and refuses what the registry holds against', async () => {
  const cluster = await harness.cluster(1)
  const { registryUrl: url, prefix } = cluster
  const again = openRegistry({ url, clientId: 'test', prefix })
  const ids = await again.registerAll()
  expect(ids.get(`${prefix}requests-value`)).toBe(await again.idOf('requests'))
  await expect(openRegistry({ url, clientId: 'test', prefix: 'other.' }).idOf('requests')).rejects.toThrow(
    SchemaNotRegistered,
  )
  await expect(again.schemaById(4_711)).resolves.toBeNull()

  const taken = openRegistry({ url, clientId: 'test', prefix: 'taken.' })
  const schema = JSON.stringify({ type: 'record', name: 'Other', fields: [{ name: 'other', type: 'string' }] })
  const response = await fetch(`${url}/subjects/taken.requests-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema }),
  })
  expect(response.status).toBe(200)
  await expect(taken.registerAll()).rejects.toThrow(SchemaRefused)
})

test('stops in the middle of work without an error', async () => {
  const cluster = await harness.cluster(2)
  const runtime = await harness.start(cluster, countingStage(), 2)
  const publisher = await harness.publisher(cluster, 2)
  await publishRequests(publisher, requestsOf(1_000, 4_000))
  await runtime.stop()
  await runtime.closed
  expect(runtime.status().tasks.map(({ state }) => state)).toEqual(['revoked', 'revoked'])
})

async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}
