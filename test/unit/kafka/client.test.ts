import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { createKafka, isKafkaError, protocolErrorOf } from '../../../lib/kafka/client.ts'
import { BrokerUnavailable } from '../../../lib/kafka/errors.ts'

const log = () => undefined
const named = (name: string, fields: object = {}) => Object.assign(new Error('it failed'), { name, ...fields })

interface RequestQueue {
  pending: unknown[]
  throttleCheckTimeoutId: NodeJS.Timeout | null
  scheduleCheckPendingRequests(): void
  destroy(): void
}

test('an idle connection arms no timer, one with requests waiting does', () => {
  createKafka({ brokers: ['localhost:1'], clientId: 'test', log })
  const Queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js')
  const queue: RequestQueue = new Queue({ logger: { debug: log }, broker: 'b', clientId: 'c' })
  queue.scheduleCheckPendingRequests()
  expect(queue.throttleCheckTimeoutId).toBeNull()
  queue.pending.push({})
  queue.scheduleCheckPendingRequests()
  expect(queue.throttleCheckTimeoutId).not.toBeNull()
  queue.destroy()
})

test('trouble outside becomes BrokerUnavailable, a mistake of ours stays what it is', async () => {
  const kafka = createKafka({ brokers: ['b:1'], clientId: 'test', log })
  const reach = (error: Error) => kafka.reach('asking', () => Promise.reject(error))
  await expect(reach(named('KafkaJSConnectionError'))).rejects.toThrow('asking: no answer from b:1 (it failed)')
  await expect(reach(named('KafkaJSConnectionError'))).rejects.toThrow(BrokerUnavailable)
  await expect(reach(named('KafkaJSProtocolError', { type: 'TOPIC_AUTHORIZATION_FAILED' }))).rejects.toThrow(
    'b:1 refused',
  )
  await expect(reach(new TypeError('ours'))).rejects.toThrow(TypeError)
})

test('the protocol error is found under the errors that kafkajs wraps around it', () => {
  const inner = named('KafkaJSProtocolError', { type: 'INVALID_PRODUCER_EPOCH' })
  expect(protocolErrorOf(named('KafkaJSNonRetriableError', { cause: inner }))).toBe('INVALID_PRODUCER_EPOCH')
  expect(protocolErrorOf(named('KafkaJSError'))).toBeNull()
  expect(isKafkaError(new Error('plain'))).toBe(false)
})
