import { inject } from 'vitest'
import { type BrokerControl, openBrokerControl, type ProcessControl } from '../../scripts/real-kafka/broker-control.mjs'
import { chooseRung } from './broker-rung.ts'
import { isOnDisk, openEmbeddedBroker, openEmbeddedRegistry } from './embedded-services.ts'
import type { ServiceControl } from './service-control.ts'

export interface TestBroker {
  readonly brokers: string[]
  readonly registryUrl: string
  readonly kind: 'embedded' | 'external'
  /** Ours, or one that somebody else has written. */
  readonly registryKind: 'embedded' | 'external'
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
 * The broker that integration tests talk to, by the rung of the run: a real Kafka (with the registry in
 * SCHEMA_REGISTRY_URL, or an embedded one), or fresh embedded ones on free ports. Says on standard error which it was.
 */
export async function openBroker(): Promise<TestBroker> {
  const rung = chooseRung(process.env)
  const external = rung.name === 'external' ? rung.brokers : inject('containerBrokers')
  const registry = process.env.SCHEMA_REGISTRY_URL ? null : await openEmbeddedRegistry()
  const registryUrl = process.env.SCHEMA_REGISTRY_URL ?? registry?.running.url ?? ''
  const registryKind = registry ? 'embedded' : 'external'
  if (external) {
    const nodes = openBrokerControl()
    announce(`external broker ${external.join()}, ${registryKind} registry ${registryUrl}`)
    return {
      brokers: [...external],
      registryUrl,
      kind: 'external',
      registryKind,
      compactNow: null,
      closedConnections: null,
      brokerControl: nodes && controlOfAll(nodes),
      registryControl: registry ?? (nodes?.registry ? controlOf([nodes.registry]) : null),
      nodes,
      close: async () => registry?.stop(),
    }
  }
  const closedConnections: string[] = []
  const broker = await openEmbeddedBroker(closedConnections)
  const { address } = broker.running
  announce(
    `embedded broker ${address}${isOnDisk ? ' with a data folder' : ''}, ${registryKind} registry ${registryUrl}`,
  )
  return {
    brokers: [address],
    registryUrl,
    kind: 'embedded',
    registryKind,
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
  return controlOf(
    nodes.brokers.map(({ id }) => ({
      stop: () => nodes.stop(id),
      start: () => nodes.start(id),
      pause: () => nodes.pause(id),
      resume: () => nodes.resume(id),
    })),
  )
}

function controlOf(processes: readonly Pick<ProcessControl, 'stop' | 'start' | 'pause' | 'resume'>[]): ServiceControl {
  return {
    stop: async () => {
      await Promise.all(processes.map((process) => process.stop()))
    },
    start: async () => {
      await Promise.all(processes.map((process) => process.start()))
    },
    freeze: async () => {
      for (const process of processes) process.pause()
    },
    thaw: async () => {
      for (const process of processes) process.resume()
    },
  }
}

function announce(line: string): void {
  process.stderr.write(`[test broker] ${line}\n`)
}
