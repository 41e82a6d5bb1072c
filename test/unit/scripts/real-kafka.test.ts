import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { javaMajor, kafkaVersion } from '../../../scripts/real-kafka/classpath.mjs'
import { clusterId } from '../../../scripts/real-kafka/cluster-id.mjs'
import { parseOptions } from '../../../scripts/real-kafka/options.mjs'
import { brokerAnswers, brokersIn, encodeMetadataRequest } from '../../../scripts/real-kafka/probe.mjs'
import { renderProperties } from '../../../scripts/real-kafka/properties.mjs'

describe('the command line of real-kafka', () => {
  it('stays in the foreground on port 19092 when nothing is asked for', () => {
    expect(parseOptions([])).toEqual({ mode: 'foreground', port: 19092, dir: '.kafka', fresh: false, command: '' })
  })

  it('takes port, folder, fresh start and command', () => {
    const argv = ['--port', '20000', '--dir=/tmp/k', '--fresh', '--exec', 'npm test']
    expect(parseOptions(argv)).toEqual({ mode: 'exec', port: 20000, dir: '/tmp/k', fresh: true, command: 'npm test' })
    expect(parseOptions(['--detach']).mode).toBe('detach')
    expect(parseOptions(['--stop']).mode).toBe('stop')
    expect(parseOptions(['-h']).mode).toBe('help')
  })

  it.each(['0', '65535', '-1', '9092x', '1e3', ''])('refuses port %j and names it', (port) => {
    expect(() => parseOptions([`--port=${port}`])).toThrow(`--port is ${port}; it must be a number from 1 to 65534`)
  })

  it('leaves room above the broker port for the controller', () => {
    expect(parseOptions(['--port', '65534']).port).toBe(65534)
  })

  it.each([
    [['--detach', '--stop'], '--detach and --stop cannot be combined'],
    [['--exec', ' '], '--exec is empty'],
    [['--dir='], '--dir is empty'],
    [['--prot', '1'], '--prot'],
    [['extra'], 'extra'],
  ])('refuses %j as wrong usage', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(expect.objectContaining({ code: 'E_USAGE', exitStatus: 2 }))
    expect(() => parseOptions(argv)).toThrow(message)
  })
})

describe('server.properties', () => {
  const settings = new Map(
    renderProperties({ port: 20000, dataDir: '/tmp/k/data' })
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )

  it('listens on loopback only, the controller one port above the broker', () => {
    expect(settings.get('listeners')).toBe('PLAINTEXT://127.0.0.1:20000,CONTROLLER://127.0.0.1:20001')
    expect(settings.get('advertised.listeners')).toBe('PLAINTEXT://127.0.0.1:20000')
    expect(settings.get('controller.quorum.voters')).toBe('1@127.0.0.1:20001')
  })

  it('asks no internal topic for a second broker', () => {
    const replicas = [...settings].filter(([name]) => /replication\.factor$|min\.isr$/.test(name))
    expect(replicas.length).toBeGreaterThanOrEqual(5)
    expect(replicas.map(([, value]) => value)).toEqual(replicas.map(() => '1'))
  })

  it('creates no topic by itself and does not make a first consumer wait', () => {
    expect(settings.get('auto.create.topics.enable')).toBe('false')
    expect(settings.get('group.initial.rebalance.delay.ms')).toBe('0')
  })

  it('leaves message size, timestamps and retention at the defaults of Kafka', () => {
    const visible = ['message.max.bytes', 'log.message.timestamp.type', 'log.retention.hours', 'log.segment.bytes']
    expect(visible.filter((name) => settings.has(name))).toEqual([])
  })

  it('escapes a backslash in the data folder, which Java would swallow', () => {
    expect(renderProperties({ port: 1, dataDir: 'C:\\k\\data' })).toContain('log.dirs=C:\\\\k\\\\data\n')
  })
})

describe('a cluster id', () => {
  it('is 22 characters and never begins with a dash', () => {
    expect(clusterId((size) => Buffer.alloc(size, 1))).toBe('AQEBAQEBAQEBAQEBAQEBAQ')
    expect(clusterId((size) => Buffer.alloc(size, 0xfb))).toMatch(/^k[\w-]{21}$/)
  })
})

describe('versions', () => {
  it('reads the Java major version, old and new numbering', () => {
    expect(javaMajor('openjdk version "17.0.15" 2025-04-15')).toBe(17)
    expect(javaMajor('java version "1.8.0_402"')).toBe(8)
    expect(javaMajor('openjdk version "26-ea"')).toBe(26)
    expect(javaMajor('no such thing')).toBeUndefined()
  })

  it('reads the Kafka version from the class path and refuses one without Kafka', () => {
    expect(kafkaVersion('/r/kafka-clients-4.3.9.jar:/r/kafka_2.13-4.4.0.jar')).toBe('4.4.0')
    expect(() => kafkaVersion('/r/kafka-clients-4.3.9.jar')).toThrow('no kafka_2.13 jar')
  })
})

describe('the probe', () => {
  let server: Server | undefined
  afterEach(() => server?.close())

  /** Answers any request with `brokers` as the length of the broker array, in two pieces. */
  async function portThatCounts(brokers: number): Promise<number> {
    const listening = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        const response = Buffer.alloc(12)
        response.writeInt32BE(8, 0)
        response.writeInt32BE(brokers, 8)
        socket.write(response.subarray(0, 5), () => socket.write(response.subarray(5)))
      })
    })
    server = listening
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
    const address = listening.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  it('sends a Metadata v1 request whose size field fits', () => {
    const request = encodeMetadataRequest()
    expect(request.readInt32BE(0)).toBe(request.length - 4)
    expect([request.readInt16BE(4), request.readInt16BE(6)]).toEqual([3, 1])
  })

  it('does not count before the length of the broker array has arrived', () => {
    expect(brokersIn(Buffer.alloc(11))).toBeUndefined()
  })

  it('takes a broker for ready only when it lists a live broker', async () => {
    expect(await brokerAnswers(await portThatCounts(1))).toBe(true)
    server?.close()
    const port = await portThatCounts(0)
    expect(await brokerAnswers(port)).toBe(false)
  })
})
