import { afterAll, beforeAll, expect, test } from 'vitest'
import { ErrorCode } from '../../lib/embedded/protocol/error-codes.ts'
import { openBroker, type TestBroker } from '../helpers/broker.ts'
import {
  committedOffsets,
  createTopic,
  kafkaClient,
  numbered,
  producerOf,
  readTopic,
  uniqueName,
} from '../helpers/kafka-client.ts'
import { connectRaw } from '../helpers/raw-client.ts'
import { commitOffset } from '../helpers/raw-requests.ts'

let broker: TestBroker
beforeAll(async () => {
  broker = await openBroker()
})
afterAll(() => broker.close())

test('a broker that was stopped is back on its port with its topics, records and offsets', async (context) => {
  const control = broker.brokerControl ?? context.skip()
  const kafka = kafkaClient(broker.brokers)
  const admin = kafka.admin()
  await admin.connect()
  const topic = await createTopic(admin, { prefix: 'outage' })
  const producer = producerOf(kafka)
  await producer.connect()
  await producer.send({ topic, messages: numbered(10) })
  const groupId = uniqueName('outage')
  const raw = await connectRaw(broker.brokers[0] ?? '')
  expect(await commitOffset(raw, { groupId, topic, offset: 7 })).toBe(ErrorCode.NONE)
  await control.stop()
  await expect(fetch(`http://${broker.brokers[0]}`)).rejects.toThrow()
  await control.start()
  await producer.send({ topic, messages: numbered(10, 1, 10) })
  const records = await readTopic(kafka, topic, (all) => all.length >= 20)
  expect(records.map(({ message }) => message.offset)).toEqual(Array.from({ length: 20 }, (_, i) => String(i)))
  expect(await committedOffsets(admin, groupId, topic)).toEqual(['7'])
  await producer.disconnect()
  await admin.disconnect()
})

test('a frozen broker answers nothing until it thaws', async (context) => {
  const control = broker.brokerControl ?? context.skip()
  const kafka = kafkaClient(broker.brokers)
  const admin = kafka.admin()
  await admin.connect()
  await control.freeze()
  let isAnswered = false
  const topics = admin.listTopics().then((names) => {
    isAnswered = true
    return names
  })
  await expect(fetch(`http://${broker.brokers[0]}`, { signal: AbortSignal.timeout(300) })).rejects.toThrow()
  expect(isAnswered).toBe(false)
  await control.thaw()
  expect(await topics).toBeInstanceOf(Array)
  await admin.disconnect()
})

test('a registry that was stopped is back on its port with its schemas', async (context) => {
  const control = broker.registryControl ?? context.skip()
  const subject = `${broker.registryUrl}/subjects/${uniqueName('outage')}-value/versions`
  const registered = await fetch(subject, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: '"string"' }),
  })
  const { id } = (await registered.json()) as { id: number }
  await control.stop()
  await expect(fetch(subject)).rejects.toThrow()
  await control.start()
  const schema = await fetch(`${broker.registryUrl}/schemas/ids/${id}`)
  expect(await schema.json()).toMatchObject({ schema: '"string"' })
  await control.freeze()
  const frozen = fetch(subject)
  await expect(fetch(subject, { signal: AbortSignal.timeout(300) })).rejects.toThrow()
  await control.thaw()
  expect(await (await frozen).json()).toEqual([1])
})
