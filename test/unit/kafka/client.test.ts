import { expect, test } from 'vitest'
import { createKafka, isKafkaError } from '../../../lib/kafka/client.ts'
import { BrokerUnavailable } from '../../../lib/kafka/errors.ts'

const log = () => undefined
const named = (name: string, fields: object = {}) => Object.assign(new Error('it failed'), { name, ...fields })

test('trouble outside becomes BrokerUnavailable, a mistake of ours stays what it is', async () => {
  const kafka = createKafka({ brokers: ['b:1'], clientId: 'test', log })
  const reach = (error: Error) => kafka.reach('asking', () => Promise.reject(error))
  await expect(reach(named('KafkaJSConnectionError'))).rejects.toThrow('asking: no answer from b:1 (it failed)')
  await expect(reach(named('KafkaJSConnectionError'))).rejects.toThrow(BrokerUnavailable)
  await expect(reach(named('KafkaJSProtocolError', { type: 'POLICY_VIOLATION' }))).rejects.toThrow('b:1 refused')
  await expect(reach(new TypeError('ours'))).rejects.toThrow(TypeError)
})

test('only what kafkajs throws counts as trouble outside', () => {
  expect(isKafkaError(named('KafkaJSError'))).toBe(true)
  expect(isKafkaError(new Error('plain'))).toBe(false)
})
