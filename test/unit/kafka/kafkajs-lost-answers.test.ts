import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { beforeAll, expect, test } from 'vitest'
import { patchKafkajs } from '../../../lib/kafka/kafkajs-patches.ts'

const require = createRequire(import.meta.url)
const log = () => undefined
const logger = { namespace: () => ({ info: log, debug: log, warn: log, error: log }) }

beforeAll(() => patchKafkajs(log))

test('a connection that broke in the middle of an answer does not take what comes next for the rest of it', async () => {
  const Connection = require('kafkajs/src/network/connection.js')
  const connection = new Connection({
    host: 'broker',
    port: 9092,
    logger,
    connectionTimeout: 1_000,
    requestTimeout: 1_000,
    socketFactory: ({ onConnect }: { onConnect: () => void }) => {
      queueMicrotask(onConnect)
      return new Socket()
    },
  })
  const answers: { size: number; correlationId: number; payload: Buffer }[] = []
  connection.requestQueue.fulfillRequest = (answer: (typeof answers)[number]) => answers.push(answer)
  const half = Buffer.from([0, 0, 0, 100, 0, 0])
  const whole = Buffer.from([0, 0, 0, 5, 0, 0, 0, 7, 42])
  await connection.connect()
  connection.processData(half)
  await connection.disconnect()
  await connection.connect()
  connection.processData(whole)
  await connection.disconnect()
  expect(answers).toMatchObject([{ correlationId: 7, size: 5 }])
})

test.each(['joinGroup', 'syncGroup'] as const)(
  'a member whose %s was not answered joins again instead of reading on as before',
  async (lost) => {
    const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup.js')
    const gone = Object.assign(new Error('connection lost'), { name: 'KafkaJSConnectionError', retriable: true })
    let isLost = true
    const answer = (api: string, result: object) => async () => {
      if (isLost && api === lost) throw gone
      return result
    }
    const coordinator = {
      joinGroup: answer('joinGroup', {
        generationId: 1,
        leaderId: 'l',
        memberId: 'm',
        members: [],
        groupProtocol: 'p',
      }),
      syncGroup: answer('syncGroup', { memberAssignment: Buffer.alloc(0) }),
      heartbeat: async () => undefined,
    }
    const group = new ConsumerGroup({
      cluster: { findGroupCoordinator: async () => coordinator, committedOffsets: () => ({}) },
      instrumentationEmitter: { emit: log },
      logger,
      assigners: [],
      topics: [],
      retry: { retries: 0 },
      groupId: 'g',
    })
    await expect(group.joinAndSync()).rejects.toThrow('connection lost')
    await expect(group.heartbeat({ interval: 0 })).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS' })
    isLost = false
    await group.joinAndSync()
    await group.heartbeat({ interval: 0 })
  },
)

test('metadata that no broker has answered is an error of kafkajs that may pass', async () => {
  const Cluster = require('kafkajs/src/cluster/index.js')
  const answers: unknown[] = [null, { topicMetadata: [] }]
  const cluster = {
    retrier: async <Result>(attempt: () => Promise<Result>) => attempt(),
    brokerPool: { refreshMetadataIfNecessary: async () => undefined, withBroker: async () => answers.shift() },
  }
  const ask = () => Cluster.prototype.metadata.call(cluster, { topics: [] })
  await expect(ask()).rejects.toMatchObject({ name: 'KafkaJSConnectionError', retriable: true })
  expect(await ask()).toEqual({ topicMetadata: [] })
})
