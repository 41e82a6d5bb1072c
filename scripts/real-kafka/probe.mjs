import { connect } from 'node:net'

const METADATA = 3
const PROBE_DEADLINE_MS = 1_000

/**
 * A Metadata v1 request that asks for no topic. ApiVersions would be answered too early: before the controller has unfenced the
 * broker, when it still lists no broker and creates no topic.
 *
 * Source: https://kafka.apache.org/protocol#The_Messages_Metadata
 */
export function encodeMetadataRequest() {
  const clientId = Buffer.from('real-kafka')
  const body = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4)
  body.writeInt32BE(body.length - 4, 0)
  body.writeInt16BE(METADATA, 4)
  body.writeInt16BE(1, 6)
  body.writeInt32BE(1, 8)
  body.writeInt16BE(clientId.length, 12)
  clientId.copy(body, 14)
  return body
}

/**
 * The ids of the live brokers in a Metadata v1 response: size, correlation id, then an array of id, host, port and rack.
 *
 * @param {Buffer} response
 * @returns {number[] | undefined} undefined while the response is too short to tell
 */
export function brokerIdsIn(response) {
  if (response.length < 4 || response.length < 4 + response.readInt32BE(0)) return undefined
  const ids = []
  let at = 12
  for (let left = response.readInt32BE(8); left > 0; left -= 1) {
    ids.push(response.readInt32BE(at))
    at = afterText(response, at + 4) + 4
    at = afterText(response, at)
  }
  return ids
}

/**
 * The live brokers that the broker on 127.0.0.1:`port` knows of.
 *
 * @param {number} port
 * @returns {Promise<number[]>} empty when it does not answer
 */
export function liveBrokers(port) {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const socket = connect(port, '127.0.0.1', () => socket.write(encodeMetadataRequest()))
    const finish = (/** @type {number[]} */ ids) => {
      socket.destroy()
      resolve(ids)
    }
    socket.setTimeout(PROBE_DEADLINE_MS, () => finish([]))
    socket.on('error', () => finish([]))
    socket.on('close', () => resolve([]))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      const ids = brokerIdsIn(received)
      if (ids !== undefined) finish(ids)
    })
  })
}

/** @type {(buffer: Buffer, at: number) => number} the place behind a string, whose length -1 is null */
const afterText = (buffer, at) => at + 2 + Math.max(0, buffer.readInt16BE(at))
