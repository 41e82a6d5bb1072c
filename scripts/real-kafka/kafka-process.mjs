import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { clusterId } from './cluster-id.mjs'
import { brokerAnswers } from './probe.mjs'
import { renderProperties } from './properties.mjs'
import { StartError } from './start-error.mjs'

// A start took 6 s on two cores that were free and 35 s at a load of 8, as beside other test runs.
const START_DEADLINE_MS = 120_000
// Kafka hands its partitions over and flushes first, which takes 1 to 2 s.
const STOP_DEADLINE_MS = 30_000
const POLL_MS = 100
const TAIL_LINES = 20

/**
 * @typedef {{ dir: string, dataDir: string, properties: string, log: string, pidFile: string }} Layout
 * @typedef {{ java: string, classpath: string, port: number, fresh: boolean }} StartOptions
 */

/**
 * Where everything of one Kafka lies. All paths are absolute.
 *
 * @param {string} dir
 * @returns {Layout}
 */
export function layoutOf(dir) {
  const root = resolve(dir)
  return {
    dir: root,
    dataDir: join(root, 'data'),
    properties: join(root, 'server.properties'),
    log: join(root, 'kafka.log'),
    pidFile: join(root, 'kafka.pid'),
  }
}

/**
 * Refuses a start that could not succeed, before anything is downloaded or written.
 *
 * @param {Layout} layout
 * @param {number} port
 * @throws {StartError} E_ALREADY_RUNNING, E_PORT_IN_USE
 */
export async function checkFree(layout, port) {
  const pid = runningPid(layout)
  if (pid !== undefined) {
    throw new StartError('E_ALREADY_RUNNING', `Kafka runs from ${layout.dir} as pid ${pid}; stop it with --stop`)
  }
  await checkPort(port, 'broker')
  await checkPort(port + 1, 'controller')
}

/**
 * Formats the storage when it is new, starts the JVM and waits until it answers.
 *
 * @param {Layout} layout
 * @param {StartOptions} options `fresh` deletes the data of an earlier run
 * @returns {Promise<import('node:child_process').ChildProcess & { pid: number }>} in its own process group: a Ctrl-C of the
 *   terminal reaches it only through its owner, who can stop what uses Kafka first
 * @throws {StartError} E_FORMAT, E_NO_JAVA, E_KAFKA_EXITED, E_KAFKA_SILENT
 */
export async function startKafka(layout, { java, classpath, port, fresh }) {
  if (fresh) rmSync(layout.dataDir, { recursive: true, force: true })
  mkdirSync(layout.dir, { recursive: true })
  writeFileSync(layout.properties, renderProperties({ port, dataDir: layout.dataDir }))
  const loggers = `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2.properties')}`
  const classpathFlags = ['-cp', classpath, loggers]
  if (!existsSync(join(layout.dataDir, 'meta.properties'))) formatStorage(java, classpathFlags, layout)

  const log = openSync(layout.log, 'w')
  const heap = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError']
  const child = spawn(java, [...heap, ...classpathFlags, 'kafka.Kafka', layout.properties], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const { pid } = child
  if (pid === undefined) throw new StartError('E_NO_JAVA', `${java} could not be started`)
  writeFileSync(layout.pidFile, `${pid}\n`)
  try {
    await waitUntilItAnswers(child, layout, port)
  } catch (error) {
    await stopKafka(layout)
    throw error
  }
  return Object.assign(child, { pid })
}

/**
 * Stops the Kafka of a folder and waits until it is gone.
 *
 * @param {Layout} layout
 * @returns {Promise<number | undefined>} the pid that was stopped, undefined when none ran
 */
export async function stopKafka(layout) {
  const pid = runningPid(layout)
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM')
    const deadline = Date.now() + STOP_DEADLINE_MS
    while (runningPid(layout) !== undefined && Date.now() < deadline) await wait(POLL_MS)
    if (runningPid(layout) !== undefined) process.kill(pid, 'SIGKILL')
  }
  rmSync(layout.pidFile, { force: true })
  return pid
}

/**
 * The last lines that Kafka wrote.
 *
 * @param {Layout} layout
 */
export function tailOf(layout) {
  const lines = existsSync(layout.log) ? readFileSync(layout.log, 'utf8').trimEnd().split('\n') : []
  return [`last lines of ${layout.log}:`, ...lines.slice(-TAIL_LINES)].join('\n')
}

/** @type {(java: string, flags: string[], layout: Layout) => void} */
function formatStorage(java, flags, layout) {
  const format = ['format', '--ignore-formatted', '--config', layout.properties, '--cluster-id', clusterId(randomBytes)]
  const { status, stdout, stderr } = spawnSync(java, [...flags, 'kafka.tools.StorageTool', ...format], {
    encoding: 'utf8',
  })
  if (status === 0) return
  throw new StartError(
    'E_FORMAT',
    `${layout.dataDir} could not be formatted; delete it or use --fresh\n${stdout}${stderr}`,
  )
}

/** @type {(child: import('node:child_process').ChildProcess, layout: Layout, port: number) => Promise<void>} */
async function waitUntilItAnswers(child, layout, port) {
  const deadline = Date.now() + START_DEADLINE_MS
  while (!(await brokerAnswers(port))) {
    if (child.exitCode !== null || child.signalCode !== null) {
      const status = child.signalCode ?? `status ${child.exitCode}`
      throw new StartError('E_KAFKA_EXITED', `Kafka exited with ${status} before it answered; ${tailOf(layout)}`)
    }
    if (Date.now() > deadline) {
      const waited = `Kafka did not answer on 127.0.0.1:${port} within ${START_DEADLINE_MS / 1_000} s`
      throw new StartError('E_KAFKA_SILENT', `${waited}; ${tailOf(layout)}`)
    }
    await wait(POLL_MS)
  }
}

/**
 * The pid of the pid file, when it still is the Kafka of this folder: a pid is reused after a reboot or a crash, and a process that
 * its parent has not reaped yet has no command line any more.
 *
 * @param {Layout} layout
 * @returns {number | undefined}
 */
function runningPid(layout) {
  if (!existsSync(layout.pidFile)) return undefined
  const pid = Number(readFileSync(layout.pidFile, 'utf8'))
  return Number.isInteger(pid) && pid > 0 && commandLine(pid).includes(layout.properties) ? pid : undefined
}

/** @param {number} pid */
function commandLine(pid) {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    // No such process.
    return ''
  }
}

/** @type {(port: number, role: string) => Promise<void>} */
function checkPort(port, role) {
  return new Promise((done, refuse) => {
    const server = createServer()
    server.once('error', (error) =>
      refuse(
        new StartError(
          'E_PORT_IN_USE',
          `port ${port} (${role}) on 127.0.0.1 cannot be bound (${error.message}); free it or choose another --port`,
        ),
      ),
    )
    server.listen(port, '127.0.0.1', () => server.close(() => done()))
  })
}
