import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ErrorCode } from '../../../lib/embedded/protocol/error-codes.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import {
  consumerConfig,
  createTopic,
  joined,
  kafkaClient,
  numbered,
  producerOf,
  uniqueName,
} from '../../helpers/kafka-client.ts'
import { connectRaw, type RawClient } from '../../helpers/raw-client.ts'
import { commitOffset } from '../../helpers/raw-requests.ts'
import { waitFor } from '../../helpers/wait-for.ts'

const { ConfigResourceTypes } = kafkajs

let broker: TestBroker
let kafka: ReturnType<typeof kafkaClient>
let admin: ReturnType<typeof kafka.admin>
let raw: RawClient

beforeAll(async () => {
  broker = await openBroker()
  kafka = kafkaClient(broker.brokers)
  admin = kafka.admin()
  await admin.connect()
  raw = await connectRaw(broker.brokers[0] ?? '')
})
afterAll(async () => {
  raw.close()
  await admin.disconnect()
  await broker.close()
})

// A Kafka in a container sees its engine's end of the connection.
const ADDRESS = expect.stringMatching(/^\/[\da-f.:]+$/)
const errorTypes = (error: unknown): string[] =>
  error instanceof kafkajs.KafkaJSAggregateError
    ? error.errors.map((nested) => (nested instanceof kafkajs.KafkaJSProtocolError ? nested.type : String(nested)))
    : [String(error)]

const refusalOf = async (topic: string, rest: object = {}) =>
  admin.createTopics({ waitForLeaders: false, topics: [{ topic, ...rest }] }).then(() => [], errorTypes)

describe('topics', () => {
  test('appear with their partitions and go when they are deleted', async () => {
    const topic = await createTopic(admin, { numPartitions: 5 })
    expect(await admin.listTopics()).toContain(topic)
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    expect(topics[0]?.partitions.map(({ partitionId }) => partitionId).sort()).toEqual([0, 1, 2, 3, 4])
    expect(
      topics[0]?.partitions.every(({ leader, replicas, isr }) => leader === replicas[0] && leader === isr[0]),
    ).toBe(true)
    await admin.deleteTopics({ topics: [topic] })
    await waitFor('the topic to be gone', async () => !(await admin.listTopics()).includes(topic))
    await expect(admin.deleteTopics({ topics: [topic] })).rejects.toThrow()
  })

  test('are refused for a bad name, count, factor or setting, each with its code', async () => {
    const present = await createTopic(admin, { prefix: 'dots.and_lines' })
    // kafkajs answers false where the broker says TOPIC_ALREADY_EXISTS.
    expect(await admin.createTopics({ waitForLeaders: false, topics: [{ topic: present }] })).toBe(false)
    expect(await refusalOf('not a name')).toEqual(['INVALID_TOPIC_EXCEPTION'])
    expect(await refusalOf('..')).toEqual(['INVALID_TOPIC_EXCEPTION'])
    expect(await refusalOf('x'.repeat(250))).toEqual(['INVALID_TOPIC_EXCEPTION'])
    expect(await refusalOf(present.replace('.', '_'))).toEqual(['INVALID_TOPIC_EXCEPTION'])
    expect(await refusalOf(uniqueName('t'), { numPartitions: 0 })).toEqual(['INVALID_PARTITIONS'])
    expect(await refusalOf(uniqueName('t'), { replicationFactor: 3 })).toEqual(['INVALID_REPLICATION_FACTOR'])
    const withSetting = (name: string, value: string) => ({ configEntries: [{ name, value }] })
    expect(await refusalOf(uniqueName('t'), withSetting('no.such.setting', '1'))).toEqual(['INVALID_CONFIG'])
    expect(await refusalOf(uniqueName('t'), withSetting('retention.ms', 'long'))).toEqual(['INVALID_CONFIG'])
    expect(await refusalOf(uniqueName('t'), withSetting('cleanup.policy', 'burn'))).toEqual(['INVALID_CONFIG'])
    expect(await refusalOf(uniqueName('t'), withSetting('max.message.bytes', '-5'))).toEqual(['INVALID_CONFIG'])
  })

  test('can be checked without being created', async () => {
    const topic = uniqueName('dry')
    await admin.createTopics({ validateOnly: true, waitForLeaders: false, topics: [{ topic }] })
    expect(await admin.listTopics()).not.toContain(topic)
  })

  test('are not created by asking for them', async () => {
    const topic = uniqueName('typo')
    await expect(admin.fetchTopicMetadata({ topics: [topic] })).rejects.toThrow()
    expect(await admin.listTopics()).not.toContain(topic)
  })

  test('grow, and never shrink', async () => {
    const topic = await createTopic(admin, { numPartitions: 2 })
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
    await waitFor('four partitions', async () => {
      const offsets = await admin.fetchTopicOffsets(topic).catch(() => [])
      return offsets.length === 4
    })
    await expect(admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })).rejects.toThrow()
  })

  test('describe their settings and take new ones', async () => {
    const topic = await createTopic(admin, { configEntries: [{ name: 'retention.ms', value: '5000' }] })
    const describeTopic = async (configNames?: string[]) => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: true,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, ...(configNames && { configNames }) }],
      })
      return new Map(resources[0]?.configEntries.map((entry) => [entry.configName, entry]))
    }
    const all = await describeTopic()
    expect(all.get('retention.ms')).toMatchObject({ configValue: '5000', isDefault: false })
    expect(all.get('cleanup.policy')).toMatchObject({ configValue: 'delete' })
    expect(all.get('max.message.bytes')).toMatchObject({ configValue: '1048588' })
    expect([...(await describeTopic(['segment.ms'])).keys()]).toEqual(['segment.ms'])

    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        { type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
      ],
    })
    await waitFor(
      'the new settings',
      async () => (await describeTopic()).get('cleanup.policy')?.configValue === 'compact',
    )
    expect((await describeTopic()).get('retention.ms')?.configValue).toBe('604800000')
    await expect(
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'nope', value: '1' }] }],
      }),
    ).rejects.toMatchObject({ type: 'INVALID_CONFIG' })
  })

  test('lose their head on request, and only where deletion is their policy', async () => {
    const topic = await createTopic(admin)
    const compacted = await createTopic(admin, { configEntries: [{ name: 'cleanup.policy', value: 'compact' }] })
    const producer = producerOf(kafka)
    await producer.connect()
    for (const name of [topic, compacted]) await producer.send({ topic: name, messages: numbered(10) })
    await producer.disconnect()
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] })
    expect((await admin.fetchTopicOffsets(topic))[0]).toMatchObject({ low: '4', high: '10' })
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '-1' }] })
    expect((await admin.fetchTopicOffsets(topic))[0]).toMatchObject({ low: '10', high: '10' })

    const deleteRecords = async (name: string, offset: number) => {
      const response = await raw.request('deleteRecords', 1, (body) =>
        body
          .array([name], (only) => body.string(only).array([0], (index) => body.int32(index).int64(offset)))
          .int32(5_000),
      )
      response.int32()
      return response.array(() => {
        response.string()
        return response.array(() => {
          response.int32()
          response.int64()
          return response.int16()
        })
      })[0]?.[0]
    }
    expect(await deleteRecords(compacted, 5)).toBe(ErrorCode.POLICY_VIOLATION)
    expect(await deleteRecords(topic, 11)).toBe(ErrorCode.OFFSET_OUT_OF_RANGE)
    expect(await deleteRecords(uniqueName('nowhere'), 0)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  })
})

describe('groups', () => {
  test('are listed and described, and deleted only when nobody is in them', async () => {
    const topic = await createTopic(admin)
    const groupId = uniqueName('group')
    const consumer = kafka.consumer(consumerConfig(groupId))
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const isIn = joined(consumer)
    await consumer.run({ eachMessage: async () => undefined })
    await isIn
    expect((await admin.listGroups()).groups).toContainEqual({ groupId, protocolType: 'consumer' })
    const [described] = (await admin.describeGroups([groupId])).groups
    expect(described).toMatchObject({ state: 'Stable', protocol: 'RoundRobinAssigner', protocolType: 'consumer' })
    expect(described?.members.length).toBe(1)
    expect(described?.members[0]).toMatchObject({ clientId: 'conformance', clientHost: ADDRESS })
    const refused = await admin.deleteGroups([groupId]).catch((error) => error)
    expect(refused.groups?.[0]).toMatchObject({ groupId, errorCode: ErrorCode.NON_EMPTY_GROUP })
    await consumer.disconnect()
    await waitFor(
      'the group to be empty',
      async () => (await admin.describeGroups([groupId])).groups[0]?.state === 'Empty',
    )
    expect(await commitOffset(raw, { groupId, topic, offset: 0 })).toBe(0)
    await admin.deleteGroups([groupId])
    expect((await admin.describeGroups([groupId])).groups[0]?.state).toBe('Dead')
    const unknown = await admin.deleteGroups([groupId]).catch((error) => error)
    expect(unknown.groups?.[0]).toMatchObject({ groupId, errorCode: ErrorCode.GROUP_ID_NOT_FOUND })
  })

  test('lose the offsets of a topic that is deleted', async () => {
    const topic = await createTopic(admin)
    const groupId = uniqueName('group')
    expect(await commitOffset(raw, { groupId, topic, offset: 0 })).toBe(0)
    expect((await admin.fetchOffsets({ groupId, topics: [topic] }))[0]?.partitions[0]?.offset).toBe('0')
    await admin.deleteTopics({ topics: [topic] })
    await waitFor('the offsets to be gone', async () => (await admin.fetchOffsets({ groupId })).length === 0)
  })
})
