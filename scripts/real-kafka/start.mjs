import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { findJava, kafkaVersion, resolveClasspath } from './classpath.mjs'
import { hasGoneByItself, tailOf } from './java-process.mjs'
import {
  bootstrapOf,
  clusterFile,
  nodesOf,
  prepareCluster,
  processesOf,
  runningPids,
  startCluster,
  stopCluster,
} from './kafka-cluster.mjs'
import { parseOptions, USAGE } from './options.mjs'
import { checkPorts } from './ports.mjs'
import { registryAt, registryUrl, resolveRegistry } from './registry.mjs'
import { StartError } from './start-error.mjs'

/**
 * @typedef {import('./java-process.mjs').JavaProcess} JavaProcess
 * @typedef {keyof typeof constants.signals} Signal
 * @typedef {{ interrupted: Promise<Signal>, gone: Promise<JavaProcess> }} Ends what ends a run before its time
 */

const WATCH_MS = 500

const progress = (/** @type {string} */ line) => process.stderr.write(`real-kafka: ${line}\n`)

/**
 * @param {string[]} argv
 * @returns {Promise<number>} the exit status
 */
async function main(argv) {
  const options = parseOptions(argv)
  const dir = resolve(options.dir)
  if (options.mode === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  if (options.mode === 'stop') {
    const pids = await stopCluster(dir)
    progress(pids.length === 0 ? `no Kafka runs from ${dir}` : `stopped pid ${pids.join(', ')}`)
    return 0
  }

  const running = runningPids(dir)
  if (running.length > 0) {
    throw new StartError(
      'E_ALREADY_RUNNING',
      `Kafka runs from ${dir} as pid ${running.join(', ')}; stop it with --stop`,
    )
  }
  const nodes = nodesOf(options.port, options.brokers)
  const registry = options.registry ? registryAt(options.port + 2 * nodes.length) : null
  await checkPorts(nodes, registry)
  const java = findJava()
  const classpath = resolveClasspath(dir, progress)
  if (registry) resolveRegistry(dir, progress)
  const properties = readProperties(options.properties)
  const cluster = await prepareCluster(dir, { java, classpath, nodes, registry, properties, fresh: options.fresh })
  const interrupted = firstSignal()
  const started = await startOrGiveUp(dir, startCluster(dir, cluster), interrupted)
  if (typeof started === 'string') return statusOf(started)
  const [brokers, control] = [bootstrapOf(nodes), clusterFile(dir)]
  const version = kafkaVersion(classpath)
  const url = registry && { registry: registryUrl(registry) }
  const ready = `${JSON.stringify({ brokers, ...url, pids: started, version, control })}\n`

  if (options.mode === 'detach') {
    process.stdout.write(ready)
    return 0
  }
  const watch = watchProcesses(processesOf(dir))
  try {
    const ends = { interrupted, gone: watch.gone }
    const env = { KAFKA_BROKERS: brokers, KAFKA_CONTROL: control, ...(url && { SCHEMA_REGISTRY_URL: url.registry }) }
    // Standard output is the command's alone.
    const output = options.mode === 'exec' ? process.stderr : process.stdout
    output.write(ready)
    const status = options.mode === 'exec' ? await runCommand(options.command, env, ends) : await firstOf(ends)
    const gone = watch.look()
    if (gone) throw new StartError(`E_${gone.code}_EXITED`, `${gone.name} exited by itself; ${tailOf(gone)}`)
    return status
  } finally {
    watch.end()
    await stopCluster(dir)
  }
}

/** @type {(ends: Ends) => Promise<number>} */
async function firstOf({ interrupted, gone }) {
  await Promise.race([interrupted, gone])
  return 0
}

/**
 * @template Started
 * @type {(dir: string, starting: Promise<Started>, interrupted: Promise<Signal>) => Promise<Signal | Started>} the signal that came
 *   first, Kafka being gone again, or what was started
 */
async function startOrGiveUp(dir, starting, interrupted) {
  const first = await Promise.race([starting, interrupted]).catch(async (error) => {
    // One of three could not start: the others must not stay.
    await stopCluster(dir)
    throw error
  })
  if (typeof first !== 'string') return first
  // The wait for an answer ends by itself once the JVM is gone; that it then throws is what we asked for.
  await Promise.all([stopCluster(dir), starting.catch(() => {})])
  return first
}

/**
 * @type {(command: string, env: Record<string, string>, ends: Ends) => Promise<number>} the command's status, as a shell counts it:
 *   128 and the signal's number when a signal ended it
 */
async function runCommand(command, env, { interrupted, gone }) {
  // In its own process group, so that a signal reaches what the shell has started and not the shell alone.
  const child = spawn(command, { shell: true, detached: true, stdio: 'inherit', env: { ...process.env, ...env } })
  const forward = (/** @type {Signal} */ signal) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal)
  }
  interrupted.then(forward)
  gone.then(() => forward('SIGTERM'))
  const [code, signal] = await once(child, 'exit')
  return code ?? statusOf(signal)
}

/**
 * Looks now and then whether a process has gone by itself. One that was stopped or killed on purpose has not.
 *
 * @param {JavaProcess[]} processes
 * @returns {{ gone: Promise<JavaProcess>, look(): JavaProcess | undefined, end(): void }} `gone` stays pending when it is ended
 */
function watchProcesses(processes) {
  const look = () => processes.find(hasGoneByItself)
  let timer
  const gone = new Promise((resolve) => {
    timer = setInterval(() => {
      const found = look()
      if (found) resolve(found)
    }, WATCH_MS)
  })
  return { gone, look, end: () => clearInterval(timer) }
}

/** @type {() => Promise<Signal>} */
function firstSignal() {
  return new Promise((resolve) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
      process.on(signal, () => resolve(signal))
  })
}

/** @type {(file: string) => string} */
function readProperties(file) {
  if (file === '') return ''
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new StartError('E_USAGE', `--properties is ${file}, which cannot be read (${error}); give it a file`)
  }
}

/** @param {Signal} signal */
const statusOf = (signal) => 128 + constants.signals[signal]

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof StartError)) throw error
  process.stderr.write(`${error.code}: ${error.message}\n`)
  process.exitCode = error.exitStatus
}
