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
 * The number of live brokers in a Metadata v1 response: size, correlation id, then the length of the broker array.
 *
 * @param {Buffer} response
 * @returns {number | undefined} undefined while the response is too short to tell
 */
export function brokersIn(response) {
  return response.length < 12 ? undefined : response.readInt32BE(8)
}

/**
 * True when the broker on 127.0.0.1:`port` answers and counts itself as live.
 *
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function brokerAnswers(port) {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const socket = connect(port, '127.0.0.1', () => socket.write(encodeMetadataRequest()))
    const finish = (/** @type {boolean} */ answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(PROBE_DEADLINE_MS, () => finish(false))
    socket.on('error', () => finish(false))
    socket.on('close', () => resolve(false))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      const brokers = brokersIn(received)
      if (brokers !== undefined) finish(brokers > 0)
    })
  })
}
