import type { Socket } from 'node:net'
import { openBrokerState } from '../../lib/embedded/broker-state.ts'
import { serveConnection } from '../../lib/embedded/connection.ts'
import { Gate } from '../../lib/embedded/gate.ts'
import type { BrokerState } from '../../lib/embedded/request.ts'
import { MemoryStorage } from '../../lib/embedded/storage/storage.ts'
import { topicConfig } from '../../lib/kafka/topics.ts'
import { partitionCount } from '../../lib/stream/topology.ts'
import { TOPIC_NAMES, topicDefinition } from '../../schemas/topics.ts'
import { SlowTransactions } from './slow-transactions.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

export interface ClusterOptions {
  readonly time: VirtualTime
  readonly partitions: number
  /** How long the markers of a transaction take after it has been ended. */
  readonly markerDelay_ms: () => number
  readonly onFault: (reason: Error) => void
}

const ADDRESS = { host: 'broker', port: 9092 }
const SESSION_TIMEOUT_MIN_MS = 500
const REBALANCE_DELAY_MS = 50
const CHANGELOG_SUFFIX = '.state'
const CUTS = 'hops'
// Long enough for any restore here, short enough that tombstones go within a schedule.
const DELETE_RETENTION_MS = 10_000

/** The project's own broker behind simulated sockets, with every topic of the pipeline. */
export class SimulatedCluster {
  readonly owner: Owner = { name: 'broker', state: 'up' }
  readonly state: BrokerState
  private readonly options: ClusterOptions

  constructor(options: ClusterOptions) {
    const { time, partitions, markerDelay_ms } = options
    this.options = options
    const clock = (): number => Math.floor(time.now_ms)
    const storage = new MemoryStorage()
    const state = openBrokerState({
      initialRebalanceDelay_ms: REBALANCE_DELAY_MS,
      sessionTimeout_min_ms: SESSION_TIMEOUT_MIN_MS,
      storage,
      clock,
    })
    const { producerIds, groups, topics } = state
    const transactions = new SlowTransactions(
      { producerIds, groups, topics, storage, clock },
      { markerDelay_ms, later: (delay_ms, action) => time.schedule(this.owner, delay_ms, action) },
    )
    this.state = { ...state, transactions }
    for (const topic of TOPIC_NAMES) {
      const config = { ...topicConfig(topicDefinition(topic), 1), 'delete.retention.ms': String(DELETE_RETENTION_MS) }
      this.state.topics.create(topic, partitionCount(topic, partitions), new Map(Object.entries(config)))
    }
  }

  accept(socket: Socket): void {
    serveConnection(socket, {
      broker: this.state,
      gate: new Gate(),
      advertised: ADDRESS,
      onClosed: this.options.onFault,
    })
  }

  /** No transaction is open, and every marker is where it belongs. */
  isSettled(): boolean {
    return this.state.topics
      .all()
      .every(({ partitions }) => partitions.every((log) => log.lastStableOffset === log.endOffset))
  }

  /** Compacts what tasks restore from; outputs stay, to be compared. Returns how many records went. */
  compact(): number {
    let removed = 0
    for (const { name, config, partitions } of this.state.topics.all()) {
      if (!name.endsWith(CHANGELOG_SUFFIX) && name !== CUTS) continue
      for (const log of partitions) removed += log.compact(config.compaction, this.state.clock())
    }
    return removed
  }
}
