/**
 * @typedef {{ id: number, port: number, controllerPort: number }} Node
 */

/**
 * The settings of one node of a Kafka for tests: combined broker and controller, loopback only. What a client can see is
 * left at Kafka's default (message size, batch limits, timestamps, retention) so that the answer stays Kafka's own; what only
 * makes a test wait is shortened.
 *
 * Names and defaults: https://kafka.apache.org/documentation/#brokerconfigs
 *
 * @param {{ id: number, nodes: Node[], dataDir: string }} node with three nodes, topics have three replicas by default, of which two must be in sync
 * @returns {Record<string, string | number | boolean>} by the names of server.properties
 */
export function brokerSettings({ id, nodes, dataDir }) {
  const own = nodes.find((node) => node.id === id)
  if (own === undefined) throw new Error(`node ${id} is none of ${nodes.map((node) => node.id)}`)
  const replicas = nodes.length
  const inSync_min = Math.floor(replicas / 2) + 1
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': nodes.map((node) => `${node.id}@127.0.0.1:${node.controllerPort}`).join(),
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${own.port},CONTROLLER://127.0.0.1:${own.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${own.port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataDir,

    'auto.create.topics.enable': false,

    'default.replication.factor': replicas,
    'min.insync.replicas': inSync_min,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync_min,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync_min,
    'share.coordinator.state.topic.num.partitions': 1,

    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'transaction.max.timeout.ms': 900_000,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000,

    // For so long a killed broker keeps its partitions, and its next start is refused as a duplicate.
    'broker.session.timeout.ms': 6_000,
    'broker.heartbeat.interval.ms': 1_000,

    'log.cleaner.backoff.ms': 500,
    'log.cleaner.min.cleanable.ratio': 0.01,
    'log.initial.task.delay.ms': 1_000,
    'log.retention.check.interval.ms': 5_000,
    // 8 MiB / 24 bytes per key ≈ 350,000 keys in one pass; the default of 128 MiB is a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,

    'num.network.threads': 2,
    'num.io.threads': 4,
  }
}

/**
 * The same as the text of a server.properties.
 *
 * @param {{ id: number, nodes: Node[], dataDir: string }} node
 */
export function renderProperties(node) {
  return Object.entries(brokerSettings(node))
    .map(([name, value]) => `${name}=${escapeValue(String(value))}\n`)
    .join('')
}

// java.util.Properties reads a backslash as an escape, and the file may hold a path with one.
const escapeValue = (/** @type {string} */ value) => value.replaceAll('\\', '\\\\')
