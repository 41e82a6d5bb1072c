import net from 'node:net'
import tls from 'node:tls'
import type { ISocketFactoryArgs } from 'kafkajs'
import { HANDSHAKE_CLOSED, TLS_EXPECTED } from './access-errors.ts'

const KEEP_ALIVE_MS = 60_000
const TLS_ALERT = 0x15
const TLS_MAJOR = 0x03

/**
 * Opens a connection for kafkajs as its own factory does, and gives names to the two mistakes that otherwise look like a
 * broker that is away: TLS with a plaintext port, and plaintext with a TLS port.
 */
export function openBrokerSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): net.Socket {
  const socket = ssl
    ? tls.connect({ host, port, ...(net.isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  // kafkajs keeps the socket of a connection that has ended and unrefs it with each disconnect. Without a handle Node puts that off
  // until the socket connects, which this one never does again: a listener more each time, while a broker is away.
  socket.once('close', () => {
    socket.unref = () => socket
  })
  if (socket instanceof tls.TLSSocket) {
    let isSecure = false
    socket.once('secureConnect', () => {
      isSecure = true
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (!isSecure && error.code === 'ECONNRESET') error.code = HANDSHAKE_CLOSED
    })
  } else {
    socket.once('data', (bytes: Buffer) => {
      // As the size of a response this would be 352 MB.
      if (bytes[0] !== TLS_ALERT || bytes[1] !== TLS_MAJOR) return
      socket.destroy(Object.assign(new Error('the port answers in TLS'), { code: TLS_EXPECTED }))
    })
  }
  return socket
}
