import { readFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import tls from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedBroker, startEmbeddedBroker } from '../../../lib/embedded/broker.ts'
import { createKafka } from '../../../lib/kafka/client.ts'
import { connectionSecurity } from '../../../lib/kafka/connection-security.ts'
import type { LogLine } from '../../../lib/kafka/log.ts'
import { kafkaSettings } from '../../../lib/ops/settings.ts'
import { createAuthority, type KeyPair, NO_OPENSSL } from '../../helpers/certificates.ts'

const authority = NO_OPENSSL ? null : createAuthority()
const stranger = NO_OPENSSL ? null : createAuthority('a CA that nobody knows')
const stops: (() => Promise<void>)[] = []
let broker: EmbeddedBroker

beforeAll(async () => {
  broker = await startEmbeddedBroker()
})
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})
afterAll(async () => {
  await broker.stop()
  authority?.remove()
  stranger?.remove()
})

interface Listener {
  readonly port: number
  readonly connections: () => number
  /** Common names of the certificates that clients have shown. */
  readonly shown: string[]
}

/** The embedded broker behind TLS, as far as the first connection: what it says of itself is its own port. */
async function behindTls(own: KeyPair, options: tls.TlsOptions = {}): Promise<Listener> {
  const shown: string[] = []
  let connections = 0
  const keys = { cert: readFileSync(own.certificate), key: readFileSync(own.key) }
  const server = tls.createServer({ ...keys, ...options }, (socket) => {
    const name = socket.getPeerCertificate().subject?.CN
    if (name) shown.push(String(name))
    const upstream = net.connect(broker.port, '127.0.0.1')
    socket.on('error', () => upstream.destroy())
    upstream.on('error', () => socket.destroy())
    socket.pipe(upstream).pipe(socket)
  })
  server.on('tlsClientError', () => undefined)
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => new Promise((resolve) => server.close(() => resolve())))
  return { port: (server.address() as AddressInfo).port, connections: () => connections, shown }
}

/** Opens an admin connection; what it came to, and what was logged. */
async function connectTo(port: number, tlsSettings: object, retries_max = 5, host = '127.0.0.1') {
  const lines: LogLine[] = []
  const settings = kafkaSettings.parse({ tls: { enabled: true, ca_file: authority?.ca, ...tlsSettings } })
  const kafka = createKafka({
    brokers: [`${host}:${port}`],
    clientId: 'test',
    retries_max,
    security: connectionSecurity(settings, Date.now),
    log: (line) => void lines.push(line),
  })
  const admin = kafka.admin()
  const failure = await kafka
    .reach('connecting', () => admin.connect())
    .then(
      () => null,
      (error: unknown) => error,
    )
  await admin.disconnect()
  return { failure, lines }
}

describe.skipIf(NO_OPENSSL)('a broker over TLS', () => {
  it('is reached when its certificate is signed by the CA that we were given', async () => {
    const listener = await behindTls(authority!.issue({ name: 'broker' }))
    expect((await connectTo(listener.port, {})).failure).toBeNull()
  })

  it('sees our certificate when it asks for one, and says so when it misses it', async () => {
    const options = { requestCert: true, rejectUnauthorized: true, ca: readFileSync(authority!.ca) }
    const listener = await behindTls(authority!.issue({ name: 'broker' }), options)
    const own = authority!.issue({ name: 'hw-linkage', passphrase: 'open sesame' })
    const keys = { certificate_file: own.certificate, key_file: own.key, key_passphrase: 'open sesame' }
    expect((await connectTo(listener.port, keys)).failure).toBeNull()
    expect(listener.shown).toEqual(['hw-linkage'])
    const { failure } = await connectTo(listener.port, {})
    expect(failure).toMatchObject({ code: 'E_TLS' })
    expect(String(failure)).toMatch(/check kafka\.tls\.certificate_file$/)
  })

  it.each([
    [
      'signed by a CA that we do not know',
      () => stranger!.issue({ name: 'broker' }),
      /give that CA in kafka\.tls\.ca_file/,
    ],
    [
      'for another name',
      () => authority!.issue({ name: 'broker', alternativeNames: 'DNS:kafka.elsewhere' }),
      /is for another name/,
    ],
    ['that has expired', () => authority!.issue({ name: 'broker', days: -1 }), /has expired/],
  ])('is refused at the first attempt with a certificate %s', async (_what, issue, hint) => {
    const listener = await behindTls(issue())
    const { failure, lines } = await connectTo(listener.port, {})
    expect(failure).toMatchObject({ code: 'E_TLS' })
    expect(String(failure)).toMatch(hint)
    expect(String(failure)).toContain(`127.0.0.1:${listener.port}`)
    expect(listener.connections()).toBe(1)
    expect(lines.length).toBeGreaterThan(0)
  })

  it('is taken under another name when that is what kafka.tls.server_name says', async () => {
    const listener = await behindTls(authority!.issue({ name: 'b', alternativeNames: 'DNS:kafka.elsewhere' }))
    expect((await connectTo(listener.port, { server_name: 'kafka.elsewhere' })).failure).toBeNull()
    expect((await connectTo(listener.port, { server_name: 'kafka.other' })).failure).toMatchObject({ code: 'E_TLS' })
  })

  it('is named when it speaks TLS and we do not', async () => {
    // What Java's TLS answers to bytes that are no handshake: a fatal alert.
    const alert = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50])
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(alert))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    stops.push(() => new Promise((resolve) => server.close(() => resolve())))
    const { port } = server.address() as AddressInfo
    const { failure } = await connectTo(port, { enabled: false, ca_file: '' })
    expect(failure).toMatchObject({ code: 'E_TLS' })
    expect(String(failure)).toMatch(/it speaks TLS and we do not; set kafka\.tls\.enabled$/)
  })

  it('is named when we speak TLS and it does not', async () => {
    const { failure } = await connectTo(broker.port, {}, 1)
    expect(failure).toMatchObject({ code: 'E_BROKER_UNAVAILABLE' })
    expect(String(failure)).toMatch(
      /it ended the TLS handshake, as a plaintext port does: kafka\.tls\.enabled may be wrong$/,
    )
  })
})
