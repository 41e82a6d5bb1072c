import { parseArgs } from 'node:util'
import { StartError } from './start-error.mjs'

export const USAGE = `Usage: node scripts/real-kafka/start.mjs [--port 19092] [--brokers 1] [--registry] [--dir .kafka] [--fresh]
                                          [--detach | --stop | --exec 'command']

Starts one Apache Kafka (KRaft, loopback) from its Maven artifacts and prints {"brokers","registry","pids","version","control"}
as one JSON line.

  --port N        port of the first broker; its controller takes N + 1, the second broker N + 2, and so on (default 19092)
  --brokers N     1, or 3 with three replicas of every topic (default 1)
  --registry      start Apicurio Registry too, on the next two ports
  --dir PATH      data, logs, properties and pid files (default .kafka)
  --properties F  lines of a server.properties that every broker gets behind those of its own, and that win
  --fresh         delete the topics of an earlier run first
  --detach        leave Kafka running and exit once it answers
  --stop          stop the Kafka of --dir
  --exec COMMAND  run COMMAND with KAFKA_BROKERS, KAFKA_CONTROL and SCHEMA_REGISTRY_URL set, stop Kafka, exit with
                  the command's status
`

// Each broker takes two ports, the second one for its controller, and so does the registry.
const PORT_MAX = 65_534
const BROKERS = ['1', '3']

/**
 * @typedef {'foreground' | 'detach' | 'stop' | 'exec' | 'help'} Mode
 * @typedef {{ mode: Mode, port: number, brokers: number, registry: boolean, dir: string, properties: string, fresh: boolean, command: string }} Options
 */

/**
 * Reads the command line.
 *
 * @param {string[]} argv without `node` and the script
 * @returns {Options} `command` is empty unless the mode is `exec`; `properties` is empty without a file
 * @throws {StartError} E_USAGE
 */
export function parseOptions(argv) {
  const values = parseFlags(argv)
  const modes = /** @type {const} */ (['help', 'detach', 'stop', 'exec']).filter((mode) => values[mode] !== undefined)
  if (modes.length > 1) {
    throw new StartError('E_USAGE', `--${modes.join(' and --')} cannot be combined; choose one`)
  }
  if (values.exec?.trim() === '') throw new StartError('E_USAGE', '--exec is empty; give it the command to run')
  if (values.properties === '') throw new StartError('E_USAGE', '--properties is empty; give it a file')
  if (values.dir === '') throw new StartError('E_USAGE', '--dir is empty; give it a folder')
  if (!BROKERS.includes(values.brokers)) {
    throw new StartError('E_USAGE', `--brokers is ${values.brokers}; it must be ${BROKERS.join(' or ')}`)
  }
  const brokers = Number(values.brokers)
  return {
    mode: modes[0] ?? 'foreground',
    port: parsePort(values.port, PORT_MAX - 2 * (brokers - 1) - (values.registry ? 2 : 0)),
    brokers,
    registry: values.registry,
    dir: values.dir,
    properties: values.properties ?? '',
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
        brokers: { type: 'string', default: '1' },
        registry: { type: 'boolean', default: false },
        dir: { type: 'string', default: '.kafka' },
        properties: { type: 'string' },
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

/** @type {(text: string, port_max: number) => number} */
function parsePort(text, port_max) {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= port_max) return port
  throw new StartError('E_USAGE', `--port is ${text}; it must be a number from 1 to ${port_max}`)
}
