import { dirname } from 'node:path'
import { killJava, runningPid, signalJava, stopJava } from './java-process.mjs'
import { brokerProcess, readCluster, startNode } from './kafka-cluster.mjs'
import { registryProcess, startRegistry } from './registry.mjs'
import { StartError } from './start-error.mjs'

/**
 * Lets a test treat the brokers and the registry that `start.mjs` started as a hard world would: end them, pause them, bring them back.
 * `start.mjs` gives its command the file in KAFKA_CONTROL, and does not mind a broker that was ended through here.
 *
 * ```ts
 * const brokers = openBrokerControl()              // null: a Kafka that is not ours to kill
 * afterEach(() => brokers?.restore())              // whatever a test left paused or dead
 *
 * await brokers.kill(2)                            // kill -9
 * await brokers.start(2)                           // the same folder and port; resolves when it is a live broker again
 * brokers.pause(1); brokers.resume(1)              // SIGSTOP, SIGCONT
 * await brokers.restart(1)                         // SIGTERM, then start
 * await brokers.registry?.kill()                   // the same without an id; null without --registry
 * ```
 *
 * A broker that is live again may still copy what it missed; wait for the in-sync replicas where that matters.
 *
 * @param {string | undefined} file
 * @returns {import('./broker-control.d.mts').BrokerControl | null}
 */
export function openBrokerControl(file = process.env.KAFKA_CONTROL) {
  if (!file) return null
  const dir = dirname(file)
  const cluster = readCluster(dir)
  if (!cluster) throw new StartError('E_NO_CLUSTER', `KAFKA_CONTROL is ${file}, which is not there`)
  const brokers = new Map(
    cluster.nodes.map(({ id }) => [id, processControl(brokerProcess(dir, id), () => startNode(dir, cluster, id))]),
  )
  const { registry } = cluster
  const registryControl = registry
    ? processControl(registryProcess(dir), () => startRegistry(dir, cluster.java, registry))
    : null
  const of = (/** @type {number} */ id) => {
    const broker = brokers.get(id)
    if (broker) return broker
    throw new StartError('E_USAGE', `there is no broker ${id}; there are ${[...brokers.keys()].join(', ')}`)
  }
  return {
    brokers: cluster.nodes.map(({ id, port }) => ({ id, port })),
    registry: registryControl,
    pid: (id) => of(id).pid(),
    kill: async (id) => of(id).kill(),
    pause: (id) => of(id).pause(),
    resume: (id) => of(id).resume(),
    stop: async (id) => of(id).stop(),
    start: async (id) => of(id).start(),
    restart: async (id) => of(id).restart(),
    restore: async () => {
      const all = registryControl ? [...brokers.values(), registryControl] : [...brokers.values()]
      for (const each of all) if (each.pid() !== undefined) each.resume()
      await Promise.all(all.map((each) => each.start()))
    },
  }
}

/** @type {(jvm: import('./java-process.mjs').JavaProcess, start: () => Promise<unknown>) => import('./broker-control.d.mts').ProcessControl} */
function processControl(jvm, start) {
  const control = {
    pid: () => runningPid(jvm),
    kill: () => killJava(jvm),
    pause: () => signalJava(jvm, 'SIGSTOP'),
    resume: () => signalJava(jvm, 'SIGCONT'),
    stop: async () => {
      await stopJava(jvm)
    },
    start: async () => {
      if (runningPid(jvm) === undefined) await start()
    },
    restart: async () => {
      await control.stop()
      await control.start()
    },
  }
  return control
}
