import { createRequire } from 'node:module'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { endHanging } from '../../../lib/kafka/hanging-transactions.ts'
import { patchKafkajs } from '../../../lib/kafka/kafkajs-patches.ts'

const require = createRequire(import.meta.url)
const Broker = require('kafkajs/src/broker/index.js')
const Encoder = require('kafkajs/src/protocol/encoder.js')

const scope = { groupId: 'g', topics: [{ topic: 'out', partitions: [0, 1] }] }
const identity = { producerId: '7', producerEpoch: 3 }
let said: string[] = []

beforeAll(() => patchKafkajs(() => undefined))
beforeEach(() => {
  said = []
})

test.each([
  ['CompleteCommit', true],
  ['PrepareCommit', true],
  ['CompleteAbort', false],
  ['PrepareAbort', false],
])(
  'a producer that takes over an id in state %s ends once more, in everything it may write, what ended before',
  async (state, isCommit) => {
    endHanging('id', scope)
    const broker = coordinator([state, 'PrepareCommit', 'CompleteCommit'])
    expect(await broker.initProducerId({ transactionalId: 'id' })).toMatchObject(identity)
    expect(said).toEqual(['describe', 'init', 'add out 0,1', 'add g', `end ${isCommit}`, 'describe', 'describe'])
  },
)

test('an id that was never used has nothing to end, nor has one that nobody gave a scope', async () => {
  endHanging('id', scope)
  await coordinator([null]).initProducerId({ transactionalId: 'id' })
  await coordinator(['CompleteCommit']).initProducerId({ transactionalId: 'another' })
  expect(said).toEqual(['describe', 'init', 'init'])
})

test('an end that could not be repeated is remembered: the coordinator has forgotten it by then', async () => {
  endHanging('id', scope)
  const broker = coordinator(['CompleteAbort'])
  broker.addPartitionsToTxn = async () => Promise.reject(new Error('gone'))
  await expect(broker.initProducerId({ transactionalId: 'id' })).rejects.toThrow('gone')
  said = []
  await coordinator(['Empty', 'CompleteAbort']).initProducerId({ transactionalId: 'id' })
  expect(said).toEqual(['describe', 'init', 'add out 0,1', 'add g', 'end false', 'describe'])
  said = []
  await coordinator(['Empty', 'CompleteCommit']).initProducerId({ transactionalId: 'id' })
  expect(said).toContain('end true')
})

/** A coordinator that describes its transaction in these states, one after the other and then the last for good. */
function coordinator(states: (string | null)[]) {
  const send = async ({ request, response }: { request: { apiKey: number }; response: Answer }) => {
    if (request.apiKey === DESCRIBE_TRANSACTIONS) {
      said.push('describe')
      const state = states.length > 1 ? states.shift() : states[0]
      return response.parse(await response.decode(described(state ?? null)))
    }
    said.push('init')
    return { ...identity }
  }
  const broker = new Broker({
    connectionPool: { send, host: 'broker', port: 9092 },
    logger: { namespace: () => ({}) },
    versions: { [DESCRIBE_TRANSACTIONS]: {}, 22: { minVersion: 0, maxVersion: 1 } },
  })
  broker.lookupRequest = () => () => ({ request: { apiKey: 22 }, response: {} })
  broker.addPartitionsToTxn = async ({ topics }: typeof scope) =>
    said.push(...topics.map(({ topic, partitions }) => `add ${topic} ${partitions}`))
  broker.addOffsetsToTxn = async ({ groupId }: typeof scope) => said.push(`add ${groupId}`)
  broker.endTxn = async (args: { transactionResult: boolean }) => said.push(`end ${args.transactionResult}`)
  return broker
}

const DESCRIBE_TRANSACTIONS = 65
const TRANSACTIONAL_ID_NOT_FOUND = 105

interface Answer {
  decode(bytes: Buffer): Promise<object>
  parse(data: object): Promise<unknown>
}

/** DescribeTransactions v0: tags, throttle time, one state. */
function described(state: string | null): Buffer {
  return new Encoder()
    .writeUVarInt(0)
    .writeInt32(0)
    .writeUVarInt(2)
    .writeInt16(state === null ? TRANSACTIONAL_ID_NOT_FOUND : 0)
    .writeUVarIntString('id')
    .writeUVarIntString(state ?? '').buffer
}
