import { describe, expect, it } from 'vitest'
import {
  AuthenticationRefused,
  NotAuthorised,
  OAuthTokenUnavailable,
  TlsRefused,
} from '../../../lib/kafka/access-errors.ts'
import { brokerFailure } from '../../../lib/kafka/broker-failure.ts'
import { BrokerUnavailable, InstanceFenced } from '../../../lib/kafka/errors.ts'
import { isOutage } from '../../../lib/kafka/outage.ts'
import { noteRefusal, refusedTopics } from '../../../lib/kafka/refusals.ts'

const about = { brokers: ['b:1', 'b:2'], doing: 'joining', as: 'hw by plain' }
const named = (name: string, fields: object = {}) => Object.assign(new Error('it failed'), { name, ...fields })
/** As kafkajs wraps what it has tried often enough. */
const wrapped = (cause: Error) => named('KafkaJSNumberOfRetriesExceeded', { cause })

describe('an error of kafkajs', () => {
  it('about a right names the operation, the resource and who lacks it, however deep it lies', () => {
    const error = named('KafkaJSProtocolError', { type: 'GROUP_AUTHORIZATION_FAILED' })
    noteRefusal(error, { api: 'JoinGroup' })
    noteRefusal(error, { id: 'hydrawatch.linkage' })
    const failure = brokerFailure(about, wrapped(wrapped(error)))
    expect(failure).toBeInstanceOf(NotAuthorised)
    expect(failure).toMatchObject({ operation: 'Read', resource: 'group hydrawatch.linkage' })
    expect(failure.message).toMatch(/^joining: hw by plain may not Read group hydrawatch\.linkage; /)
  })

  it('about a handshake names the peer, the code and what to do', () => {
    const failure = (code: string) => brokerFailure(about, wrapped(named('KafkaJSTlsRefused', { code, broker: 'b:2' })))
    expect(failure('SELF_SIGNED_CERT_IN_CHAIN')).toBeInstanceOf(TlsRefused)
    expect(failure('SELF_SIGNED_CERT_IN_CHAIN').message).toMatch(
      /b:2 \(SELF_SIGNED_CERT_IN_CHAIN\): .*kafka\.tls\.ca_file/,
    )
    expect(failure('ERR_TLS_CERT_ALTNAME_INVALID').message).toMatch(/is for another name.*kafka\.tls\.server_name/)
    expect(failure('CERT_HAS_EXPIRED').message).toMatch(/has expired/)
    expect(failure('ERR_SSL_WRONG_VERSION_NUMBER').message).toMatch(/is this a plaintext port\?/)
    expect(failure('ERR_TLS_EXPECTED').message).toMatch(/speaks TLS and we do not; set kafka\.tls\.enabled/)
    expect(failure('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED').message).toMatch(/kafka\.tls\.certificate_file/)
  })

  it('about credentials is no broker that is away', () => {
    const refusals = [
      named('KafkaJSProtocolError', { type: 'SASL_AUTHENTICATION_FAILED' }),
      named('KafkaJSProtocolError', { type: 'UNSUPPORTED_SASL_MECHANISM' }),
      named('KafkaJSSASLAuthenticationError'),
    ]
    for (const refusal of refusals) expect(brokerFailure(about, wrapped(refusal))).toBeInstanceOf(AuthenticationRefused)
    expect(brokerFailure(about, named('KafkaJSConnectionError', { code: 'ECONNREFUSED' }))).toBeInstanceOf(
      BrokerUnavailable,
    )
  })

  it('that wraps one of ours is that one', () => {
    const ours = new OAuthTokenUnavailable({ source: '/token', reason: 'ENOENT', isPermanent: true })
    expect(brokerFailure(about, wrapped(ours))).toBe(ours)
    // As kafkajs does with an error that has a cause: it goes on with that.
    const fenced = new InstanceFenced({ groupId: 'hydrawatch.linkage', instanceId: 'pod-1' })
    expect(brokerFailure(about, wrapped((fenced.cause as Error | undefined) ?? fenced))).toBe(fenced)
    expect(fenced.message).toMatch(/hydrawatch\.linkage as pod-1 .*kafka\.group_instance_id of its own/)
    expect(isOutage(fenced)).toBe(false)
  })
})

it('a response refuses the topics that stand beside the error code, and no others', () => {
  const metadata = {
    topicMetadata: [
      { topicErrorCode: 29, topic: 'requests', partitionMetadata: [] },
      { topicErrorCode: 0, topic: 'accounts', partitionMetadata: [{ partitionErrorCode: 5 }] },
    ],
  }
  const produce = {
    topics: [
      { topicName: 'hops', partitions: [{ errorCode: 0 }, { errorCode: 29 }] },
      { topicName: 'alerts', partitions: [] },
    ],
  }
  expect(refusedTopics(metadata)).toEqual(['requests'])
  expect(refusedTopics(produce)).toEqual(['hops'])
  expect(refusedTopics({ errorCode: 29 })).toEqual([])
  expect(refusedTopics(null)).toEqual([])
})
