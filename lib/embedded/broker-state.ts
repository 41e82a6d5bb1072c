import { randomUUID } from 'node:crypto'
import { GroupCoordinator, type GroupLimits } from './group-coordinator.ts'
import { ProducerIds } from './producer-ids.ts'
import type { BrokerState } from './request.ts'
import { type BrokerStorage, MemoryStorage } from './storage/storage.ts'
import type { Tables } from './storage/tables.ts'
import { TopicStore } from './topics.ts'
import { TransactionCoordinator } from './transactions.ts'

export interface BrokerStateOptions {
  /** Create a topic that a client asks for. A typo then makes a topic. @default false */
  readonly autoCreateTopics?: boolean
  /** Partitions of a topic whose creator does not say. @default 1 */
  readonly defaultPartitions?: number
  /** How long the first rebalance of an empty group waits for more members. @default 50 */
  readonly initialRebalanceDelay_ms?: number
  /** Shortest session that a group member may ask for (`group.min.session.timeout.ms`). @default 6000 */
  readonly sessionTimeout_min_ms?: number
  /** Largest record batch, unless the topic says otherwise (`message.max.bytes`). @default 1048588 */
  readonly messageBytes_max?: number
  /** What all logs together may hold; beyond it a produce is refused with KAFKA_STORAGE_ERROR. @default 2 GiB */
  readonly logBytes_max?: number
  /** A broker that is started on the storage of a stopped one goes on where that left off. @default memory of its own */
  readonly storage?: BrokerStorage
  /** Wall clock, epoch ms. @default Date.now */
  readonly clock?: () => number
}

const NODE_ID = 1
const SESSION_TIMEOUT_MAX_MS = 30 * 60 * 1000
const CLUSTER_TABLE = 'cluster'
const GIB = 1024 ** 3

/** Everything the broker knows, taken up from its storage. */
export function openBrokerState(options: BrokerStateOptions): BrokerState {
  const { clock = Date.now, storage = new MemoryStorage() } = options
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
    transactions: new TransactionCoordinator({ producerIds, groups, topics, storage, clock }),
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
