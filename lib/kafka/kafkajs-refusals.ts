import { createRequire } from 'node:module'
import { isTlsRefusal } from './access-errors.ts'
import { brokerFailure } from './broker-failure.ts'
import { BrokerUnavailable } from './errors.ts'
import { protocolErrorOf } from './protocol-error.ts'
import { isAuthorisationType, noteRefusal, refusedTopics } from './refusals.ts'

// kafkajs 2.2.4 forgets what a broker refused, and takes some refusals for a broker that is away. Mended on its prototypes, as in
// lib/kafka/kafkajs-patches.ts.

const require = createRequire(import.meta.url)

/** Mends what kafkajs makes of a refusal. `hasChanged` is told what could not be mended. */
export function keepRefusals(hasChanged: (what: string) => void): void {
  const connection: { prototype: Connection } = require('kafkajs/src/network/connection.js')
  const broker: { prototype: Broker } = require('kafkajs/src/broker/index.js')
  const cluster: { prototype: Cluster } = require('kafkajs/src/cluster/index.js')
  noteTopics(connection.prototype, hasChanged)
  for (const name of METHODS_WITH_GROUP) noteGroup(broker.prototype, name, hasChanged)
  endHandshakes(broker.prototype, hasChanged)
  keepCoordinatorRefusals(cluster.prototype, hasChanged)
}

interface Exchange {
  readonly request: { readonly apiName?: string }
  readonly response: { readonly parse: (data: unknown) => Promise<unknown> }
}

interface Connection {
  send?: (exchange: Exchange) => Promise<unknown>
}

/** The error code of a response is thrown without the topic that it stands beside. */
function noteTopics(prototype: Connection, hasChanged: (what: string) => void): void {
  const { send } = prototype
  if (typeof send !== 'function') {
    hasChanged('its way to send a request')
    return
  }
  prototype.send = function (this: Connection, exchange: Exchange): Promise<unknown> {
    const { request, response } = exchange
    const parse = async (data: unknown): Promise<unknown> => {
      try {
        return await response.parse(data)
      } catch (error) {
        noteRefusal(error, { api: request.apiName, topics: refusedTopics(data) })
        throw error
      }
    }
    return send.call(this, { ...exchange, response: { ...response, parse } })
  }
}

type BrokerMethod = (args?: { readonly groupId?: string; readonly transactionalId?: string }) => Promise<unknown>
type Broker = Partial<Record<string, BrokerMethod>>

const METHODS_WITH_GROUP = [
  'findGroupCoordinator',
  'joinGroup',
  'syncGroup',
  'heartbeat',
  'offsetFetch',
  'offsetCommit',
  'initProducerId',
  'addPartitionsToTxn',
  'addOffsetsToTxn',
  'txnOffsetCommit',
  'endTxn',
  'produce',
]

/** A group or transactional id is not in the response at all. */
function noteGroup(prototype: Broker, name: string, hasChanged: (what: string) => void): void {
  const method = prototype[name]
  if (typeof method !== 'function') {
    hasChanged(`${name} of its brokers`)
    return
  }
  prototype[name] = async function (this: Broker, args) {
    try {
      return await method.call(this, args)
    } catch (error) {
      const type = protocolErrorOf(error)
      // The key of a coordinator is called groupId, whatever it is; in a transaction, either may be refused.
      const isGroup = type === 'GROUP_AUTHORIZATION_FAILED' || args?.transactionalId === undefined
      if (isAuthorisationType(type)) noteRefusal(error, { id: isGroup ? args?.groupId : args?.transactionalId })
      throw error
    }
  }
}

/** A TLS handshake that was refused is tried again as if the broker were away. */
function endHandshakes(prototype: Broker, hasChanged: (what: string) => void): void {
  const { connect } = prototype
  if (typeof connect !== 'function') {
    hasChanged('its way to connect')
    return
  }
  prototype.connect = async function (this: Broker) {
    try {
      return await connect.call(this)
    } catch (error) {
      if (error instanceof Error && 'code' in error && isTlsRefusal(error.code))
        Object.assign(error, { name: 'KafkaJSTlsRefused', retriable: false })
      throw error
    }
  }
}

interface CoordinatorKey {
  readonly groupId: string
  readonly coordinatorType?: number
}

interface Cluster {
  readonly brokerPool?: {
    findConnectedBroker(): Promise<{ findGroupCoordinator(key: CoordinatorKey): Promise<unknown> }>
  }
  findGroupCoordinatorMetadata?: (key: CoordinatorKey) => Promise<unknown>
}

/** Whatever keeps brokers from naming a coordinator becomes "not found", which passes; a refusal does not. */
function keepCoordinatorRefusals(prototype: Cluster, hasChanged: (what: string) => void): void {
  const find = prototype.findGroupCoordinatorMetadata
  if (typeof find !== 'function') {
    hasChanged('its way to find a coordinator')
    return
  }
  prototype.findGroupCoordinatorMetadata = async function (this: Cluster, key: CoordinatorKey) {
    try {
      return await find.call(this, key)
    } catch (notFound) {
      const reason = await this.brokerPool
        ?.findConnectedBroker()
        .then((broker) => broker.findGroupCoordinator(key))
        .then(
          () => undefined,
          (error: unknown) => error,
        )
      if (reason === undefined) throw notFound
      const failure = brokerFailure({ brokers: [], doing: '', as: '' }, reason)
      throw failure instanceof BrokerUnavailable ? notFound : reason
    }
  }
}
