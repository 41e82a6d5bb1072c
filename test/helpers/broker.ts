import { type BrokerControl, openBrokerControl } from '../../scripts/real-kafka/broker-control.mjs'

import { isOnDisk, openEmbeddedBroker, openEmbeddedRegistry } from './embedded-services.ts'
import type { ServiceControl } from './service-control.ts'

export interface TestBroker {
  readonly brokers: string[]
  readonly registryUrl: string
  readonly kind: 'embedded' | 'external'
  /** Compacts every compacted topic at once; null where the broker decides by itself. */
  readonly compactNow: (() => number) | null
  /** Why the embedded broker closed connections, for tests that expect none or some; null for an external broker. */
  readonly closedConnections: string[] | null
  /** Takes the broker away and gives it back; null where it is not the test's to stop. */
  readonly brokerControl: ServiceControl | null
  /** The same for the registry. */
  readonly registryControl: ServiceControl | null
  /** Kills, pauses and restarts single brokers of a real Kafka; null for the embedded one and for one that is not ours to kill. */
  readonly nodes: BrokerControl | null
  close(): Promise<void>
}

/**
 * The broker that integration tests talk to: the one in KAFKA_BROKERS (with the registry in SCHEMA_REGISTRY_URL, or an
 * embedded one), otherwise fresh embedded ones on free ports. Says on standard error which it was. With REQUIRE_KAFKA=1
 * a missing real Kafka is a failure.
 */
export async function openBroker(): Promise<TestBroker> {
  const external = process.env.KAFKA_BROKERS
  if (!external && process.env.REQUIRE_KAFKA === '1') {
    throw new Error('REQUIRE_KAFKA is 1 and KAFKA_BROKERS is not set; run under scripts/real-kafka/start.mjs --exec')
  }
  const registry = process.env.SCHEMA_REGISTRY_URL ? null : await openEmbeddedRegistry()
  const registryUrl = process.env.SCHEMA_REGISTRY_URL ?? registry?.running.url ?? ''
  if (external) {
    const nodes = openBrokerControl()
    announce(`external broker ${external}, ${registry ? 'embedded' : 'external'} registry ${registryUrl}`)
    return {
      brokers: external.split(','),
      registryUrl,
      kind: 'external',
      compactNow: null,
      closedConnections: null,
      brokerControl: nodes && controlOfAll(nodes),
      registryControl: registry,
      nodes,
      close: async () => registry?.stop(),
    }
  }
  const closedConnections: string[] = []
  const broker = await openEmbeddedBroker(closedConnections)
  const { address } = broker.running
  announce(
    `embedded broker ${address}${isOnDisk ? ' with a data folder' : ''}, ${registry ? 'embedded' : 'external'} registry ${registryUrl}`,
  )
  return {
    brokers: [address],
    registryUrl,
    kind: 'embedded',
    compactNow: () => broker.running.compactNow(),
    closedConnections,
    brokerControl: broker,
    registryControl: registry,
    nodes: null,
    close: async () => {
      await broker.stop()
      await registry?.stop()
    },
  }
}

/** Every broker of a Kafka at a time. */
function controlOfAll(nodes: BrokerControl): ServiceControl {
  const ids = nodes.brokers.map(({ id }) => id)
  return {
    stop: async () => {
      await Promise.all(ids.map(nodes.stop))
    },
    start: async () => {
      await Promise.all(ids.map(nodes.start))
    },
    freeze: async () => {
      for (const id of ids) nodes.pause(id)
    },
    thaw: async () => {
      for (const id of ids) nodes.resume(id)
    },
  }
}

function announce(line: string): void {
  process.stderr.write(`[test broker] ${line}\n`)
}
