import { createRequire } from 'node:module'

// kafkajs 2.2.4 does not have DescribeTransactions (KIP-664).

const require = createRequire(import.meta.url)

interface Encoder {
  writeUVarInt(value: number): Encoder
  writeUVarIntString(value: string): Encoder
}

interface Decoder {
  readInt16(): number
  readInt32(): number
  readUVarInt(): number
  readUVarIntString(): string
}

const Encoder: new () => Encoder = require('kafkajs/src/protocol/encoder.js')
const Decoder: new (bytes: Buffer) => Decoder = require('kafkajs/src/protocol/decoder.js')
const { createErrorFromCode }: { createErrorFromCode(code: number): Error } = require('kafkajs/src/protocol/error.js')

const API_KEY = 65
const TRANSACTIONAL_ID_NOT_FOUND = 105

/** What of a broker of kafkajs is needed here. */
export interface DescribingBroker {
  readonly versions?: Readonly<Record<number, unknown>> | null
  readonly connectionPool?: { send(exchange: object): Promise<string | null> }
}

/**
 * The state of a transactional id by its coordinator, such as `Ongoing` or `CompleteCommit` (TransactionState of Apache
 * Kafka); null for an id that was never used, and of a broker that cannot tell. Rejects as other requests to a coordinator do.
 */
export async function describeTransaction(broker: DescribingBroker, transactionalId: string): Promise<string | null> {
  if (!broker.versions?.[API_KEY] || !broker.connectionPool) return null
  const request = { apiKey: API_KEY, apiVersion: 0, apiName: 'DescribeTransactions' }
  return broker.connectionPool.send({
    request: { ...request, encode: async () => encodeRequest(transactionalId) },
    response: { decode: async (bytes: Buffer) => decodeResponse(bytes), parse },
  })
}

/** Version 0 is flexible (KIP-482): tags end the header and the body, and lengths count from one. */
function encodeRequest(transactionalId: string): Encoder {
  return new Encoder().writeUVarInt(0).writeUVarInt(2).writeUVarIntString(transactionalId).writeUVarInt(0)
}

interface DescribedTransaction {
  readonly errorCode: number
  readonly state: string
}

/** One id, so one state; what comes after it is not read. */
function decodeResponse(bytes: Buffer): DescribedTransaction {
  const decoder = new Decoder(bytes)
  decoder.readUVarInt()
  decoder.readInt32() // throttle time
  decoder.readUVarInt()
  const errorCode = decoder.readInt16()
  decoder.readUVarIntString()
  return { errorCode, state: decoder.readUVarIntString() }
}

async function parse({ errorCode, state }: DescribedTransaction): Promise<string | null> {
  if (errorCode === TRANSACTIONAL_ID_NOT_FOUND) return null
  if (errorCode !== 0) throw createErrorFromCode(errorCode)
  return state
}
