import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { beforeAll, expect, test } from 'vitest'
import { patchKafkajs } from '../../../lib/kafka/kafkajs-patches.ts'

const require = createRequire(import.meta.url)
const log = () => undefined
const logger = { namespace: () => ({ info: log, debug: log, warn: log, error: log }) }

beforeAll(() => patchKafkajs(log))

interface TestConnection {
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  processData(bytes: Buffer): void
  send(protocol: object): Promise<unknown>
  requestQueue: { fulfillRequest: (answer: Answer) => void }
}

interface Answer {
  readonly size: number
  readonly correlationId: number
  readonly payload: Buffer
}

/** A connection to nobody, and the sockets that it had. */
function connectionToNobody(): { connection: TestConnection; sockets: Socket[] } {
  const Connection = require('kafkajs/src/network/connection.js')
  const sockets: Socket[] = []
  const connection = new Connection({
    host: 'broker',
    port: 9092,
    logger,
    connectionTimeout: 1_000,
    requestTimeout: 1_000,
    socketFactory: ({ onConnect }: { onConnect: () => void }) => {
      queueMicrotask(onConnect)
      sockets.push(Object.assign(new Socket(), { write: () => true }))
      return sockets.at(-1)!
    },
  })
  return { connection, sockets }
}

const half = Buffer.from([0, 0, 0, 100, 0, 0])
const whole = Buffer.from([0, 0, 0, 5, 0, 0, 0, 7, 42])

test('a connection that broke in the middle of an answer does not take what comes next for the rest of it', async () => {
  const { connection } = connectionToNobody()
  const answers: Answer[] = []
  connection.requestQueue.fulfillRequest = (answer) => answers.push(answer)
  await connection.connect()
  connection.processData(half)
  await connection.disconnect()
  await connection.connect()
  connection.processData(whole)
  await connection.disconnect()
  expect(answers).toMatchObject([{ correlationId: 7, size: 5 }])
})

test('what a socket still delivers after the next one is open is not mixed with its answers', async () => {
  const { connection, sockets } = connectionToNobody()
  const answers: Answer[] = []
  connection.requestQueue.fulfillRequest = (answer) => answers.push(answer)
  await connection.connect()
  await connection.disconnect()
  await connection.connect()
  sockets[0]!.emit('data', half)
  sockets[1]!.emit('data', whole)
  await connection.disconnect()
  expect(answers).toMatchObject([{ correlationId: 7, size: 5 }])
})

test('an answer that ends too soon is a connection that broke, and a fault in a decoder stays one', async () => {
  const { connection } = connectionToNobody()
  const send = (apiName: string, fail: () => never) =>
    connection.send({
      request: {
        apiName,
        apiKey: 3,
        apiVersion: 1,
        encode: async () => new (require('kafkajs/src/protocol/encoder.js'))(),
      },
      response: { decode: async () => fail(), parse: async () => undefined },
      logResponseError: false,
    })
  const answerWith = (error: Error) => () => {
    throw error
  }
  await connection.connect()
  const unreadable = send(
    'Metadata',
    answerWith(new RangeError('The value of "offset" is out of range. It must be >= 0 and <= 14. Received 16')),
  )
  const unanswered = send('Heartbeat', answerWith(new Error('never asked')))
  unanswered.catch(() => undefined)
  await new Promise(setImmediate)
  connection.processData(Buffer.from([0, 0, 0, 6, 0, 0, 0, 0, 1, 2]))
  await expect(unreadable).rejects.toMatchObject({
    name: 'KafkaJSConnectionError',
    retriable: true,
    message: expect.stringContaining('an answer of 2 bytes to Metadata can not be read'),
  })
  await expect(unanswered).rejects.toMatchObject({ name: 'KafkaJSConnectionError' })
  expect(connection.isConnected()).toBe(false)
  await connection.connect()
  const mistaken = send('Metadata', answerWith(new TypeError('a mistake')))
  await new Promise(setImmediate)
  connection.processData(Buffer.from([0, 0, 0, 6, 0, 0, 0, 2, 1, 2]))
  await expect(mistaken).rejects.toThrow(TypeError)
  expect(connection.isConnected()).toBe(true)
  await connection.disconnect()
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
