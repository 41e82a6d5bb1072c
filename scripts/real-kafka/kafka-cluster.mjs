import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { clusterId } from './cluster-id.mjs'
import { javaProcess, runningPid, startJava, stopJava } from './java-process.mjs'
import { liveBrokers } from './probe.mjs'
import { renderProperties } from './properties.mjs'
import { deleteSchemas, registryProcess, startRegistry } from './registry.mjs'
import { StartError } from './start-error.mjs'

/**
 * One Kafka of one or three nodes and its registry, as they stand in `cluster.json` of their folder: enough to start each again.
 *
 * @typedef {import('./properties.mjs').Node} Node
 * @typedef {import('./java-process.mjs').JavaProcess} JavaProcess
 * @typedef {object} Cluster
 * @property {string} clusterId
 * @property {string} java
 * @property {string} classpath
 * @property {Node[]} nodes
 * @property {string} properties what every broker gets behind its own server.properties
 * @property {import('./registry.mjs').Registry | null} registry null when none was asked for
 */

/**
 * Node 1 takes `port`, its controller the next one; node 2 the two after these, and so on.
 *
 * @param {number} port
 * @param {number} brokers
 * @returns {Node[]}
 */
export function nodesOf(port, brokers) {
  return Array.from({ length: brokers }, (_, i) => ({
    id: i + 1,
    port: port + 2 * i,
    controllerPort: port + 2 * i + 1,
  }))
}

/** @param {Node[]} nodes */
export const bootstrapOf = (nodes) => nodes.map(({ port }) => `127.0.0.1:${port}`).join()

/** @param {string} dir */
export const clusterFile = (dir) => join(resolve(dir), 'cluster.json')

/**
 * @param {string} dir
 * @returns {Cluster | undefined} undefined where none was started yet
 */
export function readCluster(dir) {
  return existsSync(clusterFile(dir)) ? JSON.parse(readFileSync(clusterFile(dir), 'utf8')) : undefined
}

/**
 * @param {string} dir
 * @param {number} id
 */
export function brokerProcess(dir, id) {
  const home = nodeDir(dir, id)
  return javaProcess(home, { name: `Kafka broker ${id}`, code: 'KAFKA', mark: join(home, 'server.properties') })
}

/**
 * Writes down the cluster of a folder, and formats the storage of the nodes that have none.
 *
 * @param {string} dir
 * @param {Omit<Cluster, 'clusterId'> & { fresh: boolean }} options `fresh` deletes the data of an earlier run
 * @returns {Promise<Cluster>}
 * @throws {StartError} E_FORMAT, E_OTHER_CLUSTER
 */
export async function prepareCluster(dir, { fresh, ...options }) {
  const { nodes } = options
  const earlier = readCluster(dir)
  if (fresh) {
    deleteSchemas(dir)
    for (const { id } of earlier?.nodes ?? []) rmSync(nodeDir(dir, id), { recursive: true, force: true })
  } else if (earlier && earlier.nodes.length !== nodes.length) {
    throw new StartError(
      'E_OTHER_CLUSTER',
      `${resolve(dir)} holds the data of a Kafka with --brokers ${earlier.nodes.length}, not ${nodes.length}; use --fresh or another --dir`,
    )
  }
  const id = fresh || !earlier ? clusterId(randomBytes) : earlier.clusterId
  const cluster = { clusterId: id, ...options }
  mkdirSync(resolve(dir), { recursive: true })
  writeFileSync(clusterFile(dir), `${JSON.stringify(cluster)}\n`)
  await Promise.all(nodes.map((node) => prepareNode(dir, cluster, node.id)))
  return cluster
}

/**
 * Starts the registry and every node, and waits until each answers and each node knows all of them.
 *
 * @param {string} dir
 * @param {Cluster} cluster
 * @returns {Promise<number[]>} the pids of the nodes
 * @throws {StartError} E_NO_JAVA, E_KAFKA_EXITED, E_KAFKA_SILENT, E_REGISTRY_EXITED, E_REGISTRY_SILENT
 */
export async function startCluster(dir, cluster) {
  const all = cluster.nodes.map(({ id }) => id)
  const registry = cluster.registry && startRegistry(dir, cluster.java, cluster.registry)
  const [pids] = await Promise.all([Promise.all(all.map((id) => startNode(dir, cluster, id, all))), registry])
  return pids
}

/**
 * Starts one node on its folder and its ports, and waits until it is a live broker again: the controller lets it be one only when the
 * session of a killed predecessor is over.
 *
 * @param {string} dir
 * @param {Cluster} cluster
 * @param {number} id
 * @param {number[]} awaited the brokers that it must know, itself among them
 * @returns {Promise<number>} the pid
 * @throws {StartError} E_NO_JAVA, E_KAFKA_EXITED, E_KAFKA_SILENT
 */
export function startNode(dir, { java, classpath, nodes }, id, awaited = [id]) {
  const port = nodes.find((node) => node.id === id)?.port ?? 0
  const heap = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError']
  const args = [...heap, ...classpathFlags(classpath), 'kafka.Kafka', propertiesFile(dir, id)]
  return startJava(brokerProcess(dir, id), java, args, async () => {
    const live = await liveBrokers(port)
    return awaited.every((broker) => live.includes(broker))
  })
}

/**
 * Stops what runs from a folder.
 *
 * @param {string} dir
 * @returns {Promise<number[]>} the pids that were stopped
 */
export async function stopCluster(dir) {
  const pids = await Promise.all(processesOf(dir).map(stopJava))
  return pids.filter((pid) => pid !== undefined)
}

/** @param {string} dir */
export function runningPids(dir) {
  return processesOf(dir).flatMap((process) => runningPid(process) ?? [])
}

/**
 * The processes of a folder, whether they run or not.
 *
 * @param {string} dir
 * @returns {JavaProcess[]}
 */
export function processesOf(dir) {
  const cluster = readCluster(dir)
  const brokers = (cluster?.nodes ?? []).map(({ id }) => brokerProcess(dir, id))
  return cluster?.registry ? [...brokers, registryProcess(dir)] : brokers
}

/** @type {(dir: string, id: number) => string} */
const nodeDir = (dir, id) => join(resolve(dir), `broker-${id}`)

/** @type {(dir: string, id: number) => string} */
const propertiesFile = (dir, id) => join(nodeDir(dir, id), 'server.properties')

/** @param {string} classpath */
const classpathFlags = (classpath) => [
  '-cp',
  classpath,
  `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2.properties')}`,
]

/** @type {(dir: string, cluster: Cluster, id: number) => Promise<void>} */
async function prepareNode(dir, { clusterId, java, classpath, nodes, properties: further }, id) {
  const dataDir = join(nodeDir(dir, id), 'data')
  const properties = propertiesFile(dir, id)
  mkdirSync(nodeDir(dir, id), { recursive: true })
  writeFileSync(properties, renderProperties({ id, nodes, dataDir }) + further)
  if (existsSync(join(dataDir, 'meta.properties'))) return
  const format = ['format', '--ignore-formatted', '--config', properties, '--cluster-id', clusterId]
  const tool = spawn(java, [...classpathFlags(classpath), 'kafka.tools.StorageTool', ...format])
  let output = ''
  for (const stream of [tool.stdout, tool.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const [status] = await once(tool, 'close')
  if (status === 0) return
  throw new StartError('E_FORMAT', `${dataDir} could not be formatted; delete it or use --fresh\n${output}`)
}
