/**
 * The server.properties of a one-node Kafka for tests: combined broker and controller, loopback only. What a client can see is
 * left at Kafka's default (message size, batch limits, timestamps, retention) so that the answer stays Kafka's own; what only
 * makes a test wait is shortened.
 *
 * Names and defaults: https://kafka.apache.org/documentation/#brokerconfigs
 *
 * @param {{ port: number, dataDir: string }} node the controller listens on `port` + 1
 * @returns {string} the text of the file
 */
export function renderProperties({ port, dataDir }) {
  const controllerPort = port + 1
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataDir,

    'auto.create.topics.enable': false,

    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,

    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'transaction.max.timeout.ms': 900_000,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000,

    'log.cleaner.backoff.ms': 500,
    'log.cleaner.min.cleanable.ratio': 0.01,
    'log.initial.task.delay.ms': 1_000,
    'log.retention.check.interval.ms': 5_000,
    // 8 MiB / 24 bytes per key ≈ 350,000 keys in one pass; the default of 128 MiB is a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,

    'num.network.threads': 2,
    'num.io.threads': 4,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${escapeValue(String(value))}\n`)
    .join('')
}

// java.util.Properties reads a backslash as an escape, and the file may hold a path with one.
const escapeValue = (/** @type {string} */ value) => value.replaceAll('\\', '\\\\')
