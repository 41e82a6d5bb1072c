import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { StartError } from './start-error.mjs'

// A start of Kafka took 6 s on two cores that were free and 35 s at a load of 8, as beside other test runs.
const START_DEADLINE_MS = 120_000
// Kafka hands its partitions over and flushes first, which takes 1 to 2 s.
const STOP_DEADLINE_MS = 30_000
const KILL_DEADLINE_MS = 10_000
const POLL_MS = 50
const TAIL_LINES = 20

/**
 * One JVM that outlives whoever started it: its folder says which it is, whoever has the folder can stop it.
 *
 * @typedef {object} JavaProcess
 * @property {string} name as messages say it: `Kafka broker 1`
 * @property {'KAFKA' | 'REGISTRY'} code the middle of E_…_EXITED and E_…_SILENT
 * @property {string} mark an argument of its command line that no other process has
 * @property {string} log
 * @property {string} pidFile there from the start until somebody stops or kills it: a pid file without its process is a
 *   process that went by itself
 */

/**
 * @param {string} dir absolute
 * @param {Pick<JavaProcess, 'name' | 'code' | 'mark'>} jvm
 * @returns {JavaProcess}
 */
export function javaProcess(dir, jvm) {
  const file = jvm.code.toLowerCase()
  return { ...jvm, log: join(dir, `${file}.log`), pidFile: join(dir, `${file}.pid`) }
}

/**
 * Starts the JVM and waits until it is ready. It has its own process group: a Ctrl-C of the terminal reaches it only through its owner,
 * who can stop what uses it first.
 *
 * @param {JavaProcess} jvm
 * @param {string} java
 * @param {string[]} args
 * @param {() => Promise<boolean>} isReady
 * @returns {Promise<number>} the pid
 * @throws {StartError} E_NO_JAVA, E_KAFKA_EXITED, E_KAFKA_SILENT, E_REGISTRY_EXITED, E_REGISTRY_SILENT
 */
export async function startJava(jvm, java, args, isReady) {
  mkdirSync(join(jvm.log, '..'), { recursive: true })
  // Appended: after a kill the log still tells what came before.
  const log = openSync(jvm.log, 'a')
  const child = spawn(java, args, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  child.unref()
  const { pid } = child
  if (pid === undefined) throw new StartError('E_NO_JAVA', `${java} could not be started`)
  writeFileSync(jvm.pidFile, `${pid}\n`)
  try {
    await waitUntilReady(jvm, child, isReady)
  } catch (error) {
    await stopJava(jvm)
    throw error
  }
  return pid
}

/**
 * Ends the process in its own time and waits until it is gone; one that is paused is resumed first, or it would not hear.
 *
 * @param {JavaProcess} jvm
 * @returns {Promise<number | undefined>} the pid that was stopped, undefined when none ran
 */
export async function stopJava(jvm) {
  const pid = runningPid(jvm)
  rmSync(jvm.pidFile, { force: true })
  if (pid === undefined) return undefined
  signalProcess(pid, 'SIGTERM')
  signalProcess(pid, 'SIGCONT')
  if (!(await isGone(pid, jvm, STOP_DEADLINE_MS))) await killPid(pid, jvm)
  return pid
}

/**
 * kill -9, and waits until the process is gone.
 *
 * @param {JavaProcess} jvm
 * @throws {StartError} E_NOT_RUNNING
 */
export async function killJava(jvm) {
  const pid = requirePid(jvm)
  // Before the kill, so that nobody takes it for a process that went by itself.
  rmSync(jvm.pidFile, { force: true })
  await killPid(pid, jvm)
}

/**
 * @param {JavaProcess} jvm
 * @param {'SIGSTOP' | 'SIGCONT'} signal
 * @throws {StartError} E_NOT_RUNNING
 */
export function signalJava(jvm, signal) {
  signalProcess(requirePid(jvm), signal)
}

/**
 * True when the process ended although nobody stopped or killed it. Whoever does so is another process, and takes the pid file away first:
 * a file that is still the same after a look for its process had nobody at work in between.
 *
 * @param {JavaProcess} jvm
 */
export function hasGoneByItself(jvm) {
  const written = readPidFile(jvm)
  return written !== '' && pidIn(written, jvm) === undefined && readPidFile(jvm) === written
}

/**
 * The pid of the pid file, when it still is this process: a pid is reused after a reboot or a crash, and a process that its parent
 * has not reaped yet has no command line any more.
 *
 * @param {JavaProcess} jvm
 * @returns {number | undefined}
 */
export function runningPid(jvm) {
  return pidIn(readPidFile(jvm), jvm)
}

/** @type {(written: string, jvm: JavaProcess) => number | undefined} */
function pidIn(written, jvm) {
  const pid = Number(written)
  return Number.isInteger(pid) && pid > 0 && isRunning(pid, jvm) ? pid : undefined
}

/**
 * Empty when there is none, or it is just being written. It may go at any moment, so that it is not asked for first.
 *
 * @param {JavaProcess} jvm
 */
function readPidFile(jvm) {
  try {
    return readFileSync(jvm.pidFile, 'utf8')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return ''
    throw error
  }
}

/**
 * The last lines that the process wrote.
 *
 * @param {JavaProcess} jvm
 */
export function tailOf(jvm) {
  const lines = existsSync(jvm.log) ? readFileSync(jvm.log, 'utf8').trimEnd().split('\n') : []
  return [`last lines of ${jvm.log}:`, ...lines.slice(-TAIL_LINES)].join('\n')
}

/** @type {(jvm: JavaProcess, child: import('node:child_process').ChildProcess, isReady: () => Promise<boolean>) => Promise<void>} */
async function waitUntilReady(jvm, child, isReady) {
  const deadline = Date.now() + START_DEADLINE_MS
  while (!(await isReady())) {
    if (child.exitCode !== null || child.signalCode !== null) {
      const status = child.signalCode ?? `status ${child.exitCode}`
      throw new StartError(
        `E_${jvm.code}_EXITED`,
        `${jvm.name} exited with ${status} before it answered; ${tailOf(jvm)}`,
      )
    }
    if (Date.now() > deadline) {
      const waited = `${jvm.name} did not answer within ${START_DEADLINE_MS / 1_000} s`
      throw new StartError(`E_${jvm.code}_SILENT`, `${waited}; ${tailOf(jvm)}`)
    }
    await wait(POLL_MS)
  }
}

/** @param {JavaProcess} jvm */
function requirePid(jvm) {
  const pid = runningPid(jvm)
  if (pid === undefined) throw new StartError('E_NOT_RUNNING', `${jvm.name} does not run; start it first`)
  return pid
}

/** @type {(pid: number, jvm: JavaProcess) => Promise<void>} */
async function killPid(pid, jvm) {
  signalProcess(pid, 'SIGKILL')
  if (await isGone(pid, jvm, KILL_DEADLINE_MS)) return
  throw new StartError(
    'E_NOT_GONE',
    `${jvm.name} (pid ${pid}) is still there ${KILL_DEADLINE_MS / 1_000} s after kill -9`,
  )
}

/** @type {(pid: number, jvm: JavaProcess, deadline_ms: number) => Promise<boolean>} */
async function isGone(pid, jvm, deadline_ms) {
  const deadline = Date.now() + deadline_ms
  while (isRunning(pid, jvm)) {
    if (Date.now() > deadline) return false
    await wait(POLL_MS)
  }
  return true
}

/** @type {(pid: number, signal: NodeJS.Signals) => void} */
function signalProcess(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // Gone between the look and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** @type {(pid: number, jvm: JavaProcess) => boolean} */
const isRunning = (pid, { mark }) => commandLine(pid).includes(mark)

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
