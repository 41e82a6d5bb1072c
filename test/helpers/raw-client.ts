import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import { API_VERSIONS, type ApiName } from '../../lib/embedded/protocol/api-keys.ts'
import { Reader } from '../../lib/embedded/protocol/reader.ts'
import { Writer } from '../../lib/embedded/protocol/writer.ts'
import { waitFor } from './wait-for.ts'

export interface RawClient {
  readonly socket: Socket
  /** Sends one request; resolves with the response behind its correlation id. */
  request(api: ApiName, version: number, write: (body: Writer) => unknown): Promise<Reader>
  /** Bytes as they are. */
  send(bytes: Buffer): void
  /** Resolves when the broker has closed the connection. */
  closed(): Promise<unknown>
  close(): void
}

/** Talks to a broker below kafkajs: for requests that kafkajs would never send. */
export async function connectRaw(broker: string): Promise<RawClient> {
  const [host = '127.0.0.1', port = ''] = broker.split(':')
  const socket = net.connect({ host, port: Number(port) })
  const responses = new Map<number, Buffer>()
  let received = Buffer.alloc(0)
  let correlationId = 0
  let isClosed = false
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
  })
  socket.on('data', (piece) => {
    received = Buffer.concat([received, piece])
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      const size = received.readInt32BE(0)
      responses.set(received.readInt32BE(4), received.subarray(8, 4 + size))
      received = received.subarray(4 + size)
    }
  })
  await once(socket, 'connect')
  return {
    socket,
    request: async (api, version, write) => {
      const id = ++correlationId
      const body = new Writer()
      write(body)
      socket.write(encodeRequest(API_VERSIONS[api].key, version, id, body))
      const response = await waitFor(`the response to ${api} v${version}`, () => {
        if (isClosed && !responses.has(id)) throw new Error(`the broker closed the connection on ${api} v${version}`)
        return responses.get(id)
      })
      return new Reader(response)
    },
    send: (bytes) => void socket.write(bytes),
    closed: () => waitFor('the broker to close the connection', () => isClosed),
    close: () => socket.destroy(),
  }
}

export function encodeRequest(apiKey: number, version: number, correlationId: number, body: Writer): Buffer {
  const header = new Writer().int16(apiKey).int16(version).int32(correlationId).string('raw')
  // frame() begins with size and correlation id, which a request has elsewhere.
  const payload = Buffer.concat([header, body].map((part) => Buffer.concat(part.frame(0)).subarray(8)))
  const size = Buffer.alloc(4)
  size.writeInt32BE(payload.length)
  return Buffer.concat([size, payload])
}
