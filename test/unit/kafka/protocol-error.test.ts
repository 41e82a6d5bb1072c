import { expect, test } from 'vitest'
import { isCoordinatorMoving, protocolErrorOf } from '../../../lib/kafka/protocol-error.ts'

const named = (name: string, fields: object = {}) => Object.assign(new Error('it failed'), { name, ...fields })

test('the protocol error is found under the errors that kafkajs wraps around it', () => {
  const inner = named('KafkaJSProtocolError', { type: 'INVALID_PRODUCER_EPOCH' })
  expect(protocolErrorOf(named('KafkaJSNonRetriableError', { cause: inner }))).toBe('INVALID_PRODUCER_EPOCH')
  expect(protocolErrorOf(named('KafkaJSError'))).toBeNull()
})

test('a coordinator that loads or moves is told from one that refuses', () => {
  const answer = (type: string) => named('KafkaJSNonRetriableError', { cause: named('KafkaJSProtocolError', { type }) })
  expect(isCoordinatorMoving(answer('GROUP_LOAD_IN_PROGRESS'))).toBe(true)
  expect(isCoordinatorMoving(answer('NOT_COORDINATOR_FOR_GROUP'))).toBe(true)
  expect(isCoordinatorMoving(answer('GROUP_AUTHORIZATION_FAILED'))).toBe(false)
  expect(isCoordinatorMoving(named('KafkaJSConnectionError'))).toBe(false)
})
