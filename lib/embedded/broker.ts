import { createServer, type Socket } from 'node:net'
import { listen } from '../ops/listening.ts'
import { type BrokerStateOptions, openBrokerState } from './broker-state.ts'
import { serveConnection } from './connection.ts'
import { MalformedRequest } from './errors.ts'
import { Gate } from './gate.ts'
import { startLogCleaner } from './log-cleaner.ts'
import { EMBEDDED_NOTICE } from './notice.ts'

export interface EmbeddedBrokerOptions extends BrokerStateOptions {
  /** @default '127.0.0.1' */
  readonly host?: string
  /** 0 takes any free port. @default 0 */
  readonly port?: number
  /** How often compaction and retention run; 0 for never. @default 30000 */
  readonly compactionInterval_ms?: number
  /** Gets one line when the broker starts and one for every connection that it closes. @default none */
  readonly log?: (line: string) => void
}

export interface EmbeddedBroker {
  readonly host: string
  readonly port: number
  /** `host:port`, as `KAFKA_BROKERS` wants it. */
  readonly address: string
  /** Runs compaction and retention now; returns how many records compaction removed. */
  compactNow(): number
  /** Takes requests and answers none until `thaw()`, as a process that was sent SIGSTOP. */
  freeze(): void
  thaw(): void
  /** Closes every connection. What the broker knew stays in its storage. */
  stop(): Promise<void>
}

// A hundred clients have two connections each; an idle one costs about 10 kB.
const CONNECTIONS_MAX = 2_000

/**
 * Starts a Kafka-protocol broker inside this process: one node, no TLS, no authentication, in memory unless it is given
 * another storage. It serves kafkajs
 * 2.2.4 with groups, idempotence, transactions and compaction, and behaves as Apache Kafka does; it is for one machine
 * and for tests, production is Apache Kafka. Rejects with PortInUse (E_PORT_IN_USE) when the port is taken.
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> {
  const { host = '127.0.0.1', compactionInterval_ms = 30_000, log = () => undefined } = options
  const state = openBrokerState(options)
  const gate = new Gate()
  const sockets = new Set<Socket>()
  const isWildcard = host === '0.0.0.0' || host === '::'
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serveConnection(socket, {
      broker: state,
      gate,
      advertised: { host: isWildcard ? localAddressOf(socket) : host, port: socket.localPort ?? 0 },
      onClosed: (reason) => {
        const detail = reason instanceof MalformedRequest ? reason.message : (reason.stack ?? reason.message)
        log(`embedded broker closed a connection: ${detail}`)
      },
    })
  })
  server.maxConnections = CONNECTIONS_MAX
  const port = await listen(server, 'the embedded broker', host, options.port ?? 0)
  log(`embedded broker on ${host}:${port} (${EMBEDDED_NOTICE})`)

  const stopCleaner =
    compactionInterval_ms > 0 ? startLogCleaner(state.topics, state.clock, compactionInterval_ms) : () => undefined
  return {
    host,
    port,
    address: `${host}:${port}`,
    compactNow: () => state.topics.clean(state.clock()),
    freeze: () => gate.shut(),
    thaw: () => gate.open(),
    stop: async () => {
      stopCleaner()
      state.groups.close()
      state.transactions.close()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      })
    },
  }
}

/** Behind a wildcard address, clients are sent back to the address under which they came. */
function localAddressOf(socket: Socket): string {
  return (socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, '')
}
