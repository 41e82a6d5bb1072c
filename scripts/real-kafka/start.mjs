import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { findJava, kafkaVersion, resolveClasspath } from './classpath.mjs'
import { checkFree, layoutOf, startKafka, stopKafka, tailOf } from './kafka-process.mjs'
import { parseOptions, USAGE } from './options.mjs'
import { StartError } from './start-error.mjs'

/**
 * @typedef {import('./kafka-process.mjs').Layout} Layout
 * @typedef {import('node:child_process').ChildProcess} ChildProcess
 * @typedef {keyof typeof constants.signals} Signal
 */

const progress = (/** @type {string} */ line) => process.stderr.write(`real-kafka: ${line}\n`)

/**
 * @param {string[]} argv
 * @returns {Promise<number>} the exit status
 */
async function main(argv) {
  const options = parseOptions(argv)
  const layout = layoutOf(options.dir)
  if (options.mode === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  if (options.mode === 'stop') {
    const pid = await stopKafka(layout)
    progress(pid === undefined ? `no Kafka runs from ${layout.dir}` : `stopped pid ${pid}`)
    return 0
  }

  await checkFree(layout, options.port)
  const java = findJava()
  const classpath = resolveClasspath(layout.dir, progress)
  const interrupted = firstSignal()
  const kafka = await startOrGiveUp(layout, { java, classpath, port: options.port, fresh: options.fresh }, interrupted)
  if (typeof kafka === 'string') return statusOf(kafka)
  const brokers = `127.0.0.1:${options.port}`
  const ready = `${JSON.stringify({ brokers, pid: kafka.pid, version: kafkaVersion(classpath) })}\n`

  if (options.mode === 'detach') {
    kafka.unref()
    process.stdout.write(ready)
    return 0
  }
  if (options.mode === 'exec') {
    // Standard output is the command's alone.
    process.stderr.write(ready)
    return runCommand(options.command, { brokers, kafka, layout, interrupted })
  }
  process.stdout.write(ready)
  await Promise.race([interrupted, exitOf(kafka)])
  return stopOrReport(kafka, layout)
}

/**
 * @type {(layout: Layout, options: import('./kafka-process.mjs').StartOptions, interrupted: Promise<Signal>) =>
 *   Promise<Signal | Awaited<ReturnType<typeof startKafka>>>} the signal that came first, Kafka being gone again, or Kafka
 */
async function startOrGiveUp(layout, options, interrupted) {
  const starting = startKafka(layout, options)
  const first = await Promise.race([starting, interrupted])
  if (typeof first !== 'string') return first
  // The wait for an answer ends by itself once the JVM is gone; that it then throws is what we asked for.
  await Promise.all([stopKafka(layout), starting.catch(() => {})])
  return first
}

/**
 * @type {(command: string, on: { brokers: string, kafka: ChildProcess, layout: Layout, interrupted: Promise<Signal> }) =>
 *   Promise<number>} the command's status, as a shell counts it: 128 and the signal's number when a signal ended it
 */
async function runCommand(command, { brokers, kafka, layout, interrupted }) {
  // In its own process group, so that a signal reaches what the shell has started and not the shell alone.
  const child = spawn(command, {
    shell: true,
    detached: true,
    stdio: 'inherit',
    env: { ...process.env, KAFKA_BROKERS: brokers },
  })
  const exited = exitOf(child)
  const forward = (/** @type {Signal} */ signal) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal)
  }
  interrupted.then(forward)
  const first = await Promise.race([exited, exitOf(kafka).then(() => 'kafka')])
  if (first === 'kafka') forward('SIGTERM')
  const status = await exited
  await stopOrReport(kafka, layout)
  return status
}

/**
 * @type {(kafka: ChildProcess, layout: Layout) => Promise<number>} 0 when Kafka ran until now and was stopped
 * @throws {StartError} E_KAFKA_EXITED when it had gone by itself
 */
async function stopOrReport(kafka, layout) {
  const gone = kafka.exitCode ?? kafka.signalCode
  await stopKafka(layout)
  if (gone === null) return 0
  throw new StartError('E_KAFKA_EXITED', `Kafka exited by itself (${gone}); ${tailOf(layout)}`)
}

/** @type {() => Promise<Signal>} */
function firstSignal() {
  return new Promise((resolve) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
      process.on(signal, () => resolve(signal))
  })
}

/** @type {(child: ChildProcess) => Promise<number>} */
async function exitOf(child) {
  if (child.exitCode !== null) return child.exitCode
  if (child.signalCode !== null) return statusOf(child.signalCode)
  const [code, signal] = await once(child, 'exit')
  return code ?? statusOf(signal)
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
