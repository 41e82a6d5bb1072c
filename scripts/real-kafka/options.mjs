import { parseArgs } from 'node:util'
import { StartError } from './start-error.mjs'

export const USAGE = `Usage: node scripts/real-kafka/start.mjs [--port 19092] [--dir .kafka] [--fresh] [--detach | --stop | --exec 'command']

Starts one Apache Kafka (KRaft, loopback) from its Maven artifacts and prints {"brokers","pid","version"} as one JSON line.

  --port N        broker port; the controller takes N + 1 (default 19092)
  --dir PATH      data, log, properties and pid file (default .kafka)
  --fresh         delete the topics of an earlier run first
  --detach        leave Kafka running and exit once it answers
  --stop          stop the Kafka of --dir
  --exec COMMAND  run COMMAND with KAFKA_BROKERS set, stop Kafka, exit with the command's status
`

// The controller listens one port above the broker.
const PORT_MAX = 65_534

/**
 * @typedef {'foreground' | 'detach' | 'stop' | 'exec' | 'help'} Mode
 * @typedef {{ mode: Mode, port: number, dir: string, fresh: boolean, command: string }} Options
 */

/**
 * Reads the command line.
 *
 * @param {string[]} argv without `node` and the script
 * @returns {Options} `command` is empty unless the mode is `exec`
 * @throws {StartError} E_USAGE
 */
export function parseOptions(argv) {
  const values = parseFlags(argv)
  const modes = /** @type {const} */ (['help', 'detach', 'stop', 'exec']).filter((mode) => values[mode] !== undefined)
  if (modes.length > 1) {
    throw new StartError('E_USAGE', `--${modes.join(' and --')} cannot be combined; choose one`)
  }
  if (values.exec?.trim() === '') throw new StartError('E_USAGE', '--exec is empty; give it the command to run')
  if (values.dir === '') throw new StartError('E_USAGE', '--dir is empty; give it a folder')
  return {
    mode: modes[0] ?? 'foreground',
    port: parsePort(values.port),
    dir: values.dir,
    fresh: values.fresh,
    command: values.exec ?? '',
  }
}

/** @param {string[]} argv */
function parseFlags(argv) {
  try {
    return parseArgs({
      args: argv,
      options: {
        port: { type: 'string', default: '19092' },
        dir: { type: 'string', default: '.kafka' },
        fresh: { type: 'boolean', default: false },
        detach: { type: 'boolean' },
        stop: { type: 'boolean' },
        exec: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new StartError('E_USAGE', `${error instanceof Error ? error.message : error}; see --help`)
  }
}

/** @param {string} text */
function parsePort(text) {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= PORT_MAX) return port
  throw new StartError('E_USAGE', `--port is ${text}; it must be a number from 1 to ${PORT_MAX}`)
}
