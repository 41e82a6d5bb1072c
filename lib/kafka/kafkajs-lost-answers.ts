import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

// What kafkajs 2.2.4 makes of a connection that breaks at the wrong moment.

const require = createRequire(import.meta.url)

/** Mends kafkajs for answers that are lost. `hasChanged` hears what is not there any more. */
export function mendLostAnswers(hasChanged: (what: string) => void): void {
  forgetHalfAnswers(hasChanged)
  breakOffUnreadable(hasChanged)
  rejoinAfterFailedJoin(hasChanged)
  nameMissingMetadata(hasChanged)
}

interface ConnectionPrototype {
  connect?: () => Promise<unknown>
  disconnect?: () => Promise<unknown>
  isConnected?: () => boolean
  send?: (protocol: Protocol) => Promise<unknown>
  rejectRequests?: (error: Error) => void
  host?: string
  port?: number
  socket?: Socket
  chunks?: Buffer[]
  bytesBuffered?: number
  bytesNeeded?: number
}

interface Protocol {
  readonly request: { readonly apiName?: string }
  readonly response: { readonly decode: (payload: Buffer) => Promise<unknown> }
}

const SIZE_BYTES = 4

/**
 * A connection that breaks in the middle of an answer keeps the half that has come, and takes the first bytes after it
 * has connected again for the other half: what follows is garbage, an exception in a socket's listener, or silence until
 * each request times out. The same comes of a socket that was only ended by us and still delivers what was on its way.
 */
function forgetHalfAnswers(hasChanged: (what: string) => void): void {
  const connection: { prototype: ConnectionPrototype } = require('kafkajs/src/network/connection.js')
  const { connect } = connection.prototype
  if (typeof connect !== 'function') {
    hasChanged('its way to connect')
    return
  }
  connection.prototype.connect = function (this: ConnectionPrototype): Promise<unknown> {
    if (!this.isConnected?.()) {
      this.socket?.removeAllListeners('data')
      this.chunks = []
      this.bytesBuffered = 0
      this.bytesNeeded = SIZE_BYTES
    }
    return connect.call(this)
  }
}

/**
 * An answer that ends before all that it announces is a RangeError of a buffer, which nobody takes for an error of Kafka: a stage
 * would take it for a mistake in the program and end. Whatever it was an answer to, nothing on that connection can be trusted any
 * more: it is closed, and whoever asked is told that the connection broke.
 */
function breakOffUnreadable(hasChanged: (what: string) => void): void {
  const connection: { prototype: ConnectionPrototype } = require('kafkajs/src/network/connection.js')
  const { KafkaJSConnectionError } = require('kafkajs/src/errors.js')
  const { send } = connection.prototype
  if (typeof send !== 'function' || typeof KafkaJSConnectionError !== 'function') {
    hasChanged('its way to read answers')
    return
  }
  connection.prototype.send = function (this: ConnectionPrototype, protocol: Protocol): Promise<unknown> {
    const decode = async (payload: Buffer): Promise<unknown> => {
      try {
        return await protocol.response.decode(payload)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        const what = `an answer of ${payload.length} bytes to ${protocol.request.apiName} can not be read: ${error.message}`
        const broken = new KafkaJSConnectionError(what, { broker: `${this.host}:${this.port}` })
        this.rejectRequests?.(broken)
        await this.disconnect?.()
        throw broken
      }
    }
    return send.call(this, { ...protocol, response: { ...protocol.response, decode } })
  }
}

interface ConsumerGroupPrototype {
  groupId?: string
  joinAndSync?: () => Promise<unknown>
  heartbeat?: (options: { interval: number }) => Promise<unknown>
}

/**
 * A join that breaks off leaves a consumer that goes back to fetching. When it has lost its member id, it sends no
 * heartbeat either, and reads on outside its group for ever. When it has joined and not heard of its assignment, its
 * heartbeats are those of the new generation while it works on the tasks of the old one, beside whoever has them now.
 * Java's client does not poll before it has joined; here the next heartbeat sends it back to join.
 */
function rejoinAfterFailedJoin(hasChanged: (what: string) => void): void {
  const group: { prototype: ConsumerGroupPrototype } = require('kafkajs/src/consumer/consumerGroup.js')
  const { heartbeat, joinAndSync } = group.prototype
  if (typeof heartbeat !== 'function' || typeof joinAndSync !== 'function') {
    hasChanged('its way to stay in a group')
    return
  }
  const outside = new WeakSet<ConsumerGroupPrototype>()
  group.prototype.joinAndSync = async function (this: ConsumerGroupPrototype): Promise<unknown> {
    try {
      const joined = await joinAndSync.call(this)
      outside.delete(this)
      return joined
    } catch (error) {
      outside.add(this)
      throw error
    }
  }
  group.prototype.heartbeat = async function (this: ConsumerGroupPrototype, options): Promise<unknown> {
    if (outside.has(this)) throw rejoinNeeded(`the last join of ${this.groupId} has failed`)
    return heartbeat.call(this, options)
  }
}

/** What a heartbeat is answered with while a group rebalances: kafkajs joins again. */
export function rejoinNeeded(why: string): Error {
  const { KafkaJSProtocolError } = require('kafkajs/src/errors.js')
  const message = `${why}, so a rejoin is needed`
  return new KafkaJSProtocolError({ type: 'REBALANCE_IN_PROGRESS', code: 27, retriable: false, message })
}

interface ClusterPrototype {
  metadata?: (options?: { topics?: string[] }) => Promise<unknown>
}

/** Metadata that no broker has answered resolves to null, and ends in a TypeError where somebody looks into it. */
function nameMissingMetadata(hasChanged: (what: string) => void): void {
  const cluster: { prototype: ClusterPrototype } = require('kafkajs/src/cluster/index.js')
  const { KafkaJSConnectionError } = require('kafkajs/src/errors.js')
  const { metadata } = cluster.prototype
  if (typeof metadata !== 'function' || typeof KafkaJSConnectionError !== 'function') {
    hasChanged('its way to ask for metadata')
    return
  }
  cluster.prototype.metadata = async function (this: ClusterPrototype, options): Promise<unknown> {
    const answer = await metadata.call(this, options)
    // It has tried each broker as often as it is set to: whoever asked decides whether to try again.
    if (answer === null) throw new KafkaJSConnectionError('no broker has answered a request for metadata')
    return answer
  }
}
