import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { javaMajor, kafkaVersion } from '../../../scripts/real-kafka/classpath.mjs'
import { clusterId } from '../../../scripts/real-kafka/cluster-id.mjs'
import { nodesOf } from '../../../scripts/real-kafka/kafka-cluster.mjs'
import { parseOptions } from '../../../scripts/real-kafka/options.mjs'
import { brokerIdsIn, encodeMetadataRequest, liveBrokers } from '../../../scripts/real-kafka/probe.mjs'
import { renderProperties } from '../../../scripts/real-kafka/properties.mjs'

describe('the command line of real-kafka', () => {
  it('stays in the foreground on port 19092 when nothing is asked for', () => {
    expect(parseOptions([])).toEqual({
      mode: 'foreground',
      port: 19092,
      brokers: 1,
      registry: false,
      dir: '.kafka',
      properties: '',
      fresh: false,
      command: '',
    })
  })

  it('takes port, brokers, registry, folder, properties, fresh start and command', () => {
    const where = ['--port', '20000', '--brokers=3', '--registry', '--dir=/tmp/k', '--properties=/tmp/more']
    const argv = [...where, '--fresh', '--exec', 'npm test']
    expect(parseOptions(argv)).toEqual({
      mode: 'exec',
      port: 20000,
      brokers: 3,
      registry: true,
      dir: '/tmp/k',
      properties: '/tmp/more',
      fresh: true,
      command: 'npm test',
    })
    expect(parseOptions(['--detach']).mode).toBe('detach')
    expect(parseOptions(['--stop']).mode).toBe('stop')
    expect(parseOptions(['-h']).mode).toBe('help')
  })

  it.each(['0', '65535', '-1', '9092x', '1e3', ''])('refuses port %j and names it', (port) => {
    expect(() => parseOptions([`--port=${port}`])).toThrow(`--port is ${port}; it must be a number from 1 to 65534`)
  })

  it('leaves room above the port for the controller, two more brokers with theirs, and the registry', () => {
    expect(parseOptions(['--port', '65534']).port).toBe(65534)
    expect(parseOptions(['--port', '65530', '--brokers', '3']).port).toBe(65530)
    expect(() => parseOptions(['--port', '65531', '--brokers', '3'])).toThrow('a number from 1 to 65530')
    expect(() => parseOptions(['--port', '65533', '--registry'])).toThrow('a number from 1 to 65532')
  })

  it.each([
    [['--detach', '--stop'], '--detach and --stop cannot be combined'],
    [['--exec', ' '], '--exec is empty'],
    [['--dir='], '--dir is empty'],
    [['--properties='], '--properties is empty'],
    [['--brokers', '2'], '--brokers is 2; it must be 1 or 3'],
    [['--prot', '1'], '--prot'],
    [['extra'], 'extra'],
  ])('refuses %j as wrong usage', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(expect.objectContaining({ code: 'E_USAGE', exitStatus: 2 }))
    expect(() => parseOptions(argv)).toThrow(message)
  })
})

describe('server.properties', () => {
  const settingsOf = (id: number, brokers: number) =>
    new Map(
      renderProperties({ id, nodes: nodesOf(20000, brokers), dataDir: '/tmp/k/data' })
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
  const settings = settingsOf(1, 1)

  it('listens on loopback only, the controller one port above the broker', () => {
    expect(settings.get('listeners')).toBe('PLAINTEXT://127.0.0.1:20000,CONTROLLER://127.0.0.1:20001')
    expect(settings.get('advertised.listeners')).toBe('PLAINTEXT://127.0.0.1:20000')
    expect(settings.get('controller.quorum.voters')).toBe('1@127.0.0.1:20001')
  })

  it('gives each of three nodes its own two ports, and all the same voters', () => {
    const third = settingsOf(3, 3)
    expect(third.get('node.id')).toBe('3')
    expect(third.get('listeners')).toBe('PLAINTEXT://127.0.0.1:20004,CONTROLLER://127.0.0.1:20005')
    expect(third.get('controller.quorum.voters')).toBe('1@127.0.0.1:20001,2@127.0.0.1:20003,3@127.0.0.1:20005')
  })

  it('asks one node for one replica, and three for three of which two are in sync', () => {
    const replicasOf = (brokers: number) => {
      const wanted = [...settingsOf(1, brokers)].filter(([name]) => /replication\.factor$/.test(name ?? ''))
      const inSync = [...settingsOf(1, brokers)].filter(([name]) => /min\.(isr|insync\.replicas)$/.test(name ?? ''))
      expect([wanted.length, inSync.length]).toEqual([4, 3])
      return [new Set(wanted.map(([, value]) => value)), new Set(inSync.map(([, value]) => value))]
    }
    expect(replicasOf(1)).toEqual([new Set(['1']), new Set(['1'])])
    expect(replicasOf(3)).toEqual([new Set(['3']), new Set(['2'])])
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
    expect(renderProperties({ id: 1, nodes: nodesOf(1, 1), dataDir: 'C:\\k\\data' })).toContain(
      'log.dirs=C:\\\\k\\\\data\n',
    )
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

  /** A Metadata v1 response that lists the brokers of `ids`, as far as the probe reads it. */
  function metadata(...ids: number[]): Buffer {
    const broker = (id: number) => {
      const bytes = Buffer.alloc(4 + 2 + 9 + 4 + 2)
      bytes.writeInt32BE(id, 0)
      bytes.writeInt16BE(9, 4)
      bytes.write('127.0.0.1', 6)
      bytes.writeInt32BE(9092, 15)
      bytes.writeInt16BE(-1, 19)
      return bytes
    }
    const [size, correlationId, count] = [Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(4)]
    count.writeInt32BE(ids.length)
    const response = Buffer.concat([size, correlationId, count, ...ids.map(broker)])
    response.writeInt32BE(response.length - 4)
    return response
  }

  /** Answers any request with `response`, in two pieces. */
  async function portThatAnswers(response: Buffer): Promise<number> {
    const listening = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
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

  it('reads no broker before the whole response has arrived', () => {
    const response = metadata(1, 3)
    expect(brokerIdsIn(response.subarray(0, 3))).toBeUndefined()
    expect(brokerIdsIn(response.subarray(0, -1))).toBeUndefined()
    expect(brokerIdsIn(response)).toEqual([1, 3])
  })

  it('tells which brokers are live, and none where nobody listens', async () => {
    expect(await liveBrokers(await portThatAnswers(metadata(2, 1)))).toEqual([2, 1])
    server?.close()
    const port = await portThatAnswers(metadata())
    expect(await liveBrokers(port)).toEqual([])
    await new Promise((resolve) => server?.close(resolve))
    expect(await liveBrokers(port)).toEqual([])
  })
})
