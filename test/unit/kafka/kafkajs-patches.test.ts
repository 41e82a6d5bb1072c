import { createRequire } from 'node:module'
import { beforeAll, expect, test } from 'vitest'
import { patchKafkajs, whileCoordinatorMoves } from '../../../lib/kafka/kafkajs-patches.ts'

const require = createRequire(import.meta.url)
const log = () => undefined
const answer = (type: string) => Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type })

beforeAll(() => patchKafkajs(log))

interface RequestQueue {
  pending: unknown[]
  throttleCheckTimeoutId: NodeJS.Timeout | null
  scheduleCheckPendingRequests(): void
  destroy(): void
}

test('an idle connection arms no timer, one with requests waiting does', () => {
  const Queue = require('kafkajs/src/network/requestQueue/index.js')
  const queue: RequestQueue = new Queue({ logger: { debug: log }, broker: 'b', clientId: 'c' })
  queue.scheduleCheckPendingRequests()
  expect(queue.throttleCheckTimeoutId).toBeNull()
  queue.pending.push({})
  queue.scheduleCheckPendingRequests()
  expect(queue.throttleCheckTimeoutId).not.toBeNull()
  queue.destroy()
})

test('a join waits for a coordinator that is loading, and ends at any other answer', async () => {
  const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup.js')
  const answers = ['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_AUTHORIZATION_FAILED']
  const asked: string[] = []
  const coordinator = {
    joinGroup: async () => {
      const type = answers[asked.length] ?? 'UNKNOWN'
      asked.push(type)
      throw answer(type)
    },
  }
  const group = new ConsumerGroup({
    cluster: { findGroupCoordinator: async () => coordinator },
    logger: { namespace: () => ({ info: log, debug: log, warn: log, error: log }) },
    assigners: [],
    topics: [],
    retry: { retries: 0 },
  })
  await expect(group.joinAndSync()).rejects.toMatchObject({ type: 'GROUP_AUTHORIZATION_FAILED' })
  expect(asked).toEqual(answers)
})

test('a coordinator that never comes is given up', async () => {
  let calls = 0
  const call = async () => {
    calls += 1
    throw answer('GROUP_LOAD_IN_PROGRESS')
  }
  await expect(whileCoordinatorMoves(call, { retry_ms: 0, retries_max: 3 })).rejects.toThrow('GROUP_LOAD_IN_PROGRESS')
  expect(calls).toBe(4)
})

test('a connection to a broker that says nothing is closed, and the next attempt asks again', async () => {
  const Broker = require('kafkajs/src/broker/index.js')
  let isOpen = false
  let asked = 0
  const connectionPool = {
    isConnected: () => isOpen,
    getConnection: async () => {
      isOpen = true
      return connectionPool
    },
    destroy: async () => {
      isOpen = false
    },
    send: async () => {
      asked += 1
      throw answer('REQUEST_TIMED_OUT')
    },
  }
  const logger = { namespace: () => ({ info: log, debug: log, warn: log, error: log }) }
  const broker: { connect(): Promise<void> } = new Broker({ connectionPool, logger })
  for (const attempt of [1, 2]) {
    await expect(broker.connect()).rejects.toThrow('REQUEST_TIMED_OUT')
    expect({ isOpen, asked }).toEqual({ isOpen: false, asked: attempt })
  }
})
