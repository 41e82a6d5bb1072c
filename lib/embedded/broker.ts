import { randomUUID } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { listen } from '../ops/listening.ts'
import { serveConnection } from './connection.ts'
import { MalformedRequest } from './errors.ts'
import { Gate } from './gate.ts'
import { GroupCoordinator, type GroupLimits } from './group-coordinator.ts'
import { EMBEDDED_NOTICE } from './notice.ts'
import { ProducerIds } from './producer-ids.ts'
import type { BrokerState } from './request.ts'
import { type BrokerStorage, MemoryStorage } from './storage/storage.ts'
import type { Tables } from './storage/tables.ts'
import { every } from './timer.ts'
import { TopicStore } from './topics.ts'
import { TransactionCoordinator } from './transactions.ts'

export interface EmbeddedBrokerOptions {
  /** @default '127.0.0.1' */
  readonly host?: string
  /** 0 takes any free port. @default 0 */
  readonly port?: number
  /** Create a topic that a client asks for. A typo then makes a topic. @default false */
  readonly autoCreateTopics?: boolean
  /** Partitions of a topic whose creator does not say. @default 1 */
  readonly defaultPartitions?: number
  /** How long the first rebalance of an empty group waits for more members. @default 50 */
  readonly initialRebalanceDelay_ms?: number
  /** Shortest session that a group member may ask for (`group.min.session.timeout.ms`). @default 6000 */
  readonly sessionTimeout_min_ms?: number
  /** How often compaction and retention run; 0 for never. @default 30000 */
  readonly compactionInterval_ms?: number
  /** Largest record batch, unless the topic says otherwise (`message.max.bytes`). @default 1048588 */
  readonly messageBytes_max?: number
  /** What all logs together may hold; beyond it a produce is refused with KAFKA_STORAGE_ERROR. @default 2 GiB */
  readonly logBytes_max?: number
  /** A broker that is started on the storage of a stopped one goes on where that left off. @default memory of its own */
  readonly storage?: BrokerStorage
  /** Wall clock, epoch ms. @default Date.now */
  readonly clock?: () => number
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

const NODE_ID = 1
const SESSION_TIMEOUT_MAX_MS = 30 * 60 * 1000
// A hundred clients have two connections each; an idle one costs about 10 kB.
const CONNECTIONS_MAX = 2_000
const CLUSTER_TABLE = 'cluster'
const GIB = 1024 ** 3

/**
 * Starts a Kafka-protocol broker inside this process: one node, no TLS, no authentication, in memory unless it is given
 * another storage. It serves kafkajs
 * 2.2.4 with groups, idempotence, transactions and compaction, and behaves as Apache Kafka does; it is for one machine
 * and for tests, production is Apache Kafka. Rejects with PortInUse (E_PORT_IN_USE) when the port is taken.
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions = {}): Promise<EmbeddedBroker> {
  const { host = '127.0.0.1', compactionInterval_ms = 30_000, log = () => undefined } = options
  const state = createState(options)
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

  const timer =
    compactionInterval_ms > 0
      ? every(compactionInterval_ms, () => void state.topics.clean(state.clock(), false))
      : undefined
  return {
    host,
    port,
    address: `${host}:${port}`,
    compactNow: () => state.topics.clean(state.clock(), true),
    freeze: () => gate.shut(),
    thaw: () => gate.open(),
    stop: async () => {
      clearInterval(timer)
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

function createState(options: EmbeddedBrokerOptions): BrokerState {
  const { clock = Date.now, storage = new MemoryStorage(), log = () => undefined } = options
  const { tables } = storage
  const topics = new TopicStore({
    messageBytes_max: options.messageBytes_max ?? 1_048_588,
    logBytes_max: options.logBytes_max ?? 2 * GIB,
    storage,
  })
  const limits: GroupLimits = {
    initialRebalanceDelay_ms: options.initialRebalanceDelay_ms ?? 50,
    sessionTimeout_min_ms: options.sessionTimeout_min_ms ?? 6_000,
    sessionTimeout_max_ms: SESSION_TIMEOUT_MAX_MS,
  }
  const groups = new GroupCoordinator(limits, { tables, hasTopic: (topic) => topics.get(topic) !== undefined })
  const producerIds = new ProducerIds(tables)
  return {
    nodeId: NODE_ID,
    clusterId: clusterIdOf(tables),
    topics,
    groups,
    transactions: new TransactionCoordinator({ producerIds, groups, topics, tables, clock, log }),
    producerIds,
    autoCreateTopics: options.autoCreateTopics ?? false,
    defaultPartitions: options.defaultPartitions ?? 1,
    clock,
  }
}

/** The same in every run on the same storage, as a cluster's id is. */
function clusterIdOf(tables: Tables): string {
  const [stored] = tables.rows(CLUSTER_TABLE)
  if (stored !== undefined) return stored.key
  const id = `embedded-${randomUUID()}`
  tables.write([{ table: CLUSTER_TABLE, key: id, row: {} }])
  return id
}
