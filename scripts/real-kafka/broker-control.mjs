import { dirname } from 'node:path'
import { killJava, runningPid, signalJava, stopJava } from './java-process.mjs'
import { brokerProcess, readCluster, startNode } from './kafka-cluster.mjs'
import { StartError } from './start-error.mjs'

/**
 * Lets a test treat the brokers of a Kafka that `start.mjs` started as a hard world would: end them, pause them, bring them back.
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
  const processOf = (/** @type {number} */ id) => {
    if (cluster.nodes.some((node) => node.id === id)) return brokerProcess(dir, id)
    const ids = cluster.nodes.map((node) => node.id).join(', ')
    throw new StartError('E_USAGE', `there is no broker ${id}; there are ${ids}`)
  }
  const control = {
    brokers: cluster.nodes.map(({ id, port }) => ({ id, port })),
    pid: (/** @type {number} */ id) => runningPid(processOf(id)),
    kill: (/** @type {number} */ id) => killJava(processOf(id)),
    pause: (/** @type {number} */ id) => signalJava(processOf(id), 'SIGSTOP'),
    resume: (/** @type {number} */ id) => signalJava(processOf(id), 'SIGCONT'),
    stop: async (/** @type {number} */ id) => {
      await stopJava(processOf(id))
    },
    start: async (/** @type {number} */ id) => {
      if (control.pid(id) === undefined) await startNode(dir, cluster, id)
    },
    restart: async (/** @type {number} */ id) => {
      await control.stop(id)
      await control.start(id)
    },
    restore: async () => {
      const ids = cluster.nodes.map(({ id }) => id)
      for (const id of ids) if (control.pid(id) !== undefined) control.resume(id)
      await Promise.all(ids.map((id) => control.start(id)))
    },
  }
  return control
}
