import { expect, test } from 'vitest'
import { BrokerUnavailable } from '../../../lib/kafka/errors.ts'
import { isOutage, Outage } from '../../../lib/kafka/outage.ts'

const named = (name: string, fields: object = {}) => Object.assign(new Error('it failed'), { name, ...fields })
const protocol = (type: string, retriable: boolean) => named('KafkaJSProtocolError', { type, retriable })

test('brokers that are away may come back, however deep kafkajs has wrapped the news', () => {
  const closed = named('KafkaJSConnectionClosedError')
  expect(isOutage(closed)).toBe(true)
  expect(isOutage(named('KafkaJSNumberOfRetriesExceeded', { cause: closed }))).toBe(true)
  expect(isOutage(new BrokerUnavailable({ brokers: ['b:1'], doing: 'reading', cause: closed }))).toBe(true)
  expect(isOutage(protocol('LEADER_NOT_AVAILABLE', true))).toBe(true)
  expect(isOutage(named('KafkaJSNonRetriableError', { cause: protocol('NOT_COORDINATOR_FOR_GROUP', true) }))).toBe(true)
})

test('a refusal and a mistake of ours do not pass', () => {
  expect(isOutage(protocol('TOPIC_AUTHORIZATION_FAILED', false))).toBe(false)
  expect(isOutage(named('KafkaJSNonRetriableError', { cause: protocol('MESSAGE_TOO_LARGE', false) }))).toBe(false)
  expect(isOutage(new TypeError('ours'))).toBe(false)
  expect(isOutage(null)).toBe(false)
})

test('an outage may pass until its limit, counted from the first failure since something worked', () => {
  let now_ms = 1_000
  const outage = new Outage(500, () => now_ms)
  expect(outage.mayPass()).toBe(true)
  now_ms = 1_499
  expect(outage.mayPass()).toBe(true)
  now_ms = 1_500
  expect(outage.mayPass()).toBe(false)
  outage.end()
  expect(outage.mayPass()).toBe(true)
  now_ms = 1_999
  expect(outage.mayPass()).toBe(true)
})
