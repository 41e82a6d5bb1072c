import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openBrokerControl } from '../../../scripts/real-kafka/broker-control.mjs'

const START = join(import.meta.dirname, '../../../scripts/real-kafka/start.mjs')
const FREE_PORT = join(import.meta.dirname, '../../../scripts/free-port.mjs')
const JAVA_17 = 'echo \'openjdk version "17.0.1"\' >&2; exit 0'

/** A Kafka that lists every voter of its properties file, which is its last argument, as a live broker, and does nothing else. */
const FAKE_KAFKA = `
const text = require('node:fs').readFileSync(process.argv.at(-1), 'utf8')
const port = Number(/^listeners=PLAINTEXT:\\/\\/127.0.0.1:(\\d+)/m.exec(text)[1])
const ids = /^controller.quorum.voters=(.*)$/m.exec(text)[1].split(',').map((voter) => Number(voter.split('@')[0]))
const brokers = ids.map((id) => Buffer.from([0, 0, 0, id, 0, 0, 0, 0, 0, 0, 255, 255]))
const response = Buffer.concat([Buffer.alloc(4), Buffer.alloc(4), Buffer.from([0, 0, 0, ids.length]), ...brokers])
response.writeInt32BE(response.length - 4)
require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', () => socket.write(response))
}).listen(port, '127.0.0.1')
`

/** A registry that takes any request on the port of its settings for a good one. */
const FAKE_REGISTRY = `
const port = Number(process.argv.find((flag) => flag.startsWith('-Dquarkus.http.port=')).split('=')[1])
require('node:http').createServer((_, response) => response.end('{}')).listen(port, '127.0.0.1')
`

/** Java and Maven are stand-ins here: these tests are about what the script does around them. */
describe('starting a real Kafka', () => {
  let home = ''
  let dir = ''
  let listeners: Server[] = []

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'real-kafka-'))
    dir = join(home, 'run')
    mkdirSync(join(home, 'bin'))
    listeners = []
  })
  afterEach(async () => {
    start('--stop')
    await Promise.all(listeners.map((server) => new Promise((resolve) => server.close(resolve))))
    rmSync(home, { recursive: true, force: true })
  })

  function stub(name: string, body: string) {
    writeFileSync(join(home, 'bin', name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(home, 'bin', name), 0o755)
  }

  /** Maven that resolves to one jar, and Java that formats, then runs `kafka` in place of kafka.Kafka. */
  function stubTools(kafka: string) {
    writeFileSync(join(home, 'kafka_2.13-4.9.9.jar'), '')
    writeFileSync(join(home, 'fake-kafka.cjs'), FAKE_KAFKA)
    writeFileSync(join(home, 'fake-registry.cjs'), FAKE_REGISTRY)
    stub(
      'mvn',
      `for flag; do case $flag in
        -Dmdep.outputFile=*) printf %s ${home}/kafka_2.13-4.9.9.jar >"\${flag#*=}";;
        -Ddest=*) tar -czf "\${flag#*=}" -C ${home} fake-registry.cjs;;
      esac; done`,
    )
    const registry = `exec ${process.execPath} ${home}/fake-registry.cjs "$@"`
    stub(
      'java',
      `case "$*" in -version) ${JAVA_17};; *StorageTool*) exit 0;; *quarkus*) ${registry};; *) ${kafka};; esac`,
    )
  }

  function start(...argv: string[]) {
    const options = { env: env(), encoding: 'utf8' } as const
    const { status, stdout, stderr } = spawnSync(process.execPath, [START, '--dir', dir, ...argv], options)
    return { status, stdout, stderr }
  }

  const env = (path = '/usr/bin:/bin') => ({ PATH: `${join(home, 'bin')}:${path}`, JAVA_HOME: home })

  async function listen(port: number) {
    const server = createServer()
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
    listeners.push(server)
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** A process that has ended stays listed until its parent has asked for its status. */
  const isGone = (pid: number) =>
    vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 10_000 })

  /** The first of `count` ports in a row. */
  const freePort = (count = 2) =>
    Number(spawnSync(process.execPath, [FREE_PORT, `${count}`], { encoding: 'utf8' }).stdout)

  it('names the port that is in use, of the broker and of the controller', async () => {
    const port = await listen(0)
    const broker = start('--port', `${port}`)
    expect(broker).toMatchObject({ status: 1, stdout: '' })
    expect(broker.stderr).toContain(`E_PORT_IN_USE: port ${port} (broker)`)
    expect(start('--port', `${port - 1}`).stderr).toContain(`E_PORT_IN_USE: port ${port} (controller)`)
  })

  it('says that Java is missing or too old, and what to do', async () => {
    const port = `${freePort()}`
    expect(start('--port', port).stderr).toMatch(/^E_NO_JAVA: .*install Java 17 or later/)
    stub('java', 'echo \'java version "11.0.2"\' >&2')
    expect(start('--port', port).stderr).toMatch(/^E_NO_JAVA: .*11\.0\.2.*Kafka 4 needs 17/)
  })

  it('says that Maven is missing', async () => {
    stub('java', JAVA_17)
    const argv = [START, '--dir', dir, '--port', `${freePort()}`]
    const { stderr } = spawnSync(process.execPath, argv, { env: env('/nowhere'), encoding: 'utf8' })
    expect(stderr).toMatch(/E_NO_MAVEN: .*install Maven 3\.8 or later/)
  })

  it('quotes Maven when Maven fails', async () => {
    stub('java', JAVA_17)
    stub('mvn', 'echo "[ERROR] repository is away"; exit 1')
    const { status, stderr } = start('--port', `${freePort()}`)
    expect(status).toBe(1)
    expect(stderr).toMatch(/E_MAVEN: .*\n\[ERROR\] repository is away/)
  })

  it('shows the end of the log when Kafka exits early, and leaves no pid file', async () => {
    stubTools('echo "FATAL disk is a lie"; exit 3')
    const { status, stderr } = start('--port', `${freePort()}`)
    expect(status).toBe(1)
    expect(stderr).toMatch(/E_KAFKA_EXITED: Kafka broker 1 exited with status 3 [\s\S]*FATAL disk is a lie/)
    expect(existsSync(join(dir, 'broker-1/kafka.pid'))).toBe(false)
  })

  it('runs a command against Kafka, keeps its output and its status, and stops Kafka', async () => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const port = freePort()
    const command = `echo "brokers=$KAFKA_BROKERS"; cp ${dir}/broker-1/kafka.pid ${home}/seen.pid; exit 7`
    const { status, stdout, stderr } = start('--port', `${port}`, '--exec', command)
    expect({ status, stdout }).toEqual({ status: 7, stdout: `brokers=127.0.0.1:${port}\n` })
    expect(stderr).toContain('"version":"4.9.9"')
    const pid = Number(readFileSync(join(home, 'seen.pid'), 'utf8'))
    await isGone(pid)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('stops Kafka on %s in the foreground', async (signal) => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const port = freePort()
    const owner = spawn(process.execPath, [START, '--dir', dir, '--port', `${port}`], { env: env() })
    const [line] = await once(owner.stdout, 'data')
    const { brokers, pids } = JSON.parse(String(line))
    expect(brokers).toBe(`127.0.0.1:${port}`)
    owner.kill(signal)
    expect(await once(owner, 'exit')).toEqual([0, null])
    await isGone(pids[0])
  })

  it('detaches, refuses a second start in the same folder, and stops', async () => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const port = `${freePort()}`
    const first = start('--port', port, '--detach')
    expect(first.status).toBe(0)
    const { pids } = JSON.parse(first.stdout)
    expect(start('--port', port, '--detach').stderr).toContain(
      `E_ALREADY_RUNNING: Kafka runs from ${dir} as pid ${pids[0]}`,
    )
    expect(start('--stop')).toMatchObject({ status: 0, stderr: `real-kafka: stopped pid ${pids[0]}\n` })
    expect(start('--stop').stderr).toContain('no Kafka runs')
  })

  it('does not touch a process that has taken over the pid of a dead Kafka', () => {
    mkdirSync(join(dir, 'broker-1'), { recursive: true })
    writeFileSync(join(dir, 'cluster.json'), JSON.stringify({ nodes: [{ id: 1, port: 1, controllerPort: 2 }] }))
    writeFileSync(join(dir, 'broker-1/kafka.pid'), `${process.pid}\n`)
    expect(start('--stop')).toMatchObject({ status: 0 })
    expect(existsSync(join(dir, 'broker-1/kafka.pid'))).toBe(false)
  })

  it('starts three brokers, and stops all of them', async () => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const port = freePort(6)
    const { stdout } = start('--port', `${port}`, '--brokers', '3', '--detach')
    const { brokers, pids } = JSON.parse(stdout)
    expect(brokers).toBe([port, port + 2, port + 4].map((each) => `127.0.0.1:${each}`).join())
    expect(new Set(pids).size).toBe(3)
    expect(start('--stop').stderr).toBe(`real-kafka: stopped pid ${pids.join(', ')}\n`)
    await Promise.all(pids.map(isGone))
  })

  it('leaves none of three brokers behind when one cannot start', () => {
    stubTools(`case $* in *broker-2*) exit 3;; esac; exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const { status, stderr } = start('--port', `${freePort(6)}`, '--brokers', '3', '--detach')
    expect(status).toBe(1)
    expect(stderr).toContain('E_KAFKA_EXITED: Kafka broker 2 exited with status 3')
    expect(start('--stop').stderr).toContain('no Kafka runs')
  })

  it('refuses another number of brokers on the data of an earlier run', () => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    expect(start('--port', `${freePort()}`, '--detach').status).toBe(0)
    start('--stop')
    const { status, stderr } = start('--port', `${freePort(6)}`, '--brokers', '3', '--detach')
    expect(status).toBe(1)
    expect(stderr).toContain(`E_OTHER_CLUSTER: ${dir} holds the data of a Kafka with --brokers 1, not 3; use --fresh`)
  })

  it('starts a registry beside Kafka, names it to the command, lets it be killed, and stops both', async () => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const port = freePort(4)
    const { stdout } = start('--port', `${port}`, '--registry', '--detach')
    const { registry, control } = JSON.parse(stdout)
    expect(registry).toBe(`http://127.0.0.1:${port + 2}/apis/ccompat/v7`)
    const brokers = openBrokerControl(control)
    await brokers?.registry?.kill()
    await expect(fetch(registry)).rejects.toThrow()
    await brokers?.restore()
    expect((await fetch(registry)).status).toBe(200)
    const pids = [brokers?.pid(1), brokers?.registry?.pid()]
    expect(start('--stop').stderr).toBe(`real-kafka: stopped pid ${pids.join(', ')}\n`)
    const told = start('--port', `${port}`, '--registry', '--exec', 'echo $SCHEMA_REGISTRY_URL')
    expect(told).toMatchObject({ status: 0, stdout: `${registry}\n` })
  })

  it('says which port of the registry is taken', async () => {
    const port = freePort(4)
    await listen(port + 2)
    const { stderr } = start('--port', `${port}`, '--registry')
    expect(stderr).toContain(`E_PORT_IN_USE: port ${port + 2} (registry)`)
  })

  it('lets a test kill, pause, restart and restore single brokers', async () => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const { pids, control } = JSON.parse(start('--port', `${freePort(6)}`, '--brokers', '3', '--detach').stdout)
    const brokers = openBrokerControl(control)
    expect(brokers?.brokers.map(({ id }) => brokers.pid(id))).toEqual(pids)
    await brokers?.kill(2)
    expect(brokers?.pid(2)).toBeUndefined()
    await expect(brokers?.kill(2)).rejects.toMatchObject({ code: 'E_NOT_RUNNING' })
    expect(() => brokers?.pause(4)).toThrow('there is no broker 4; there are 1, 2, 3')
    await brokers?.restart(1)
    expect(brokers?.pid(1)).not.toBe(pids[0])
    brokers?.pause(3)
    await brokers?.restore()
    expect(brokers?.pid(2)).toBeGreaterThan(0)
    expect(brokers?.pid(3)).toBe(pids[2])
  })

  it('has no brokers to control where nobody gave it any', () => {
    expect(openBrokerControl('')).toBeNull()
    expect(() => openBrokerControl(join(dir, 'cluster.json'))).toThrow('KAFKA_CONTROL')
  })

  it('does not mind a broker that its command has killed, and reports one that went by itself', () => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const control = join(import.meta.dirname, '../../../scripts/real-kafka/broker-control.mjs')
    const killed = `${process.execPath} --input-type=module -e 'import { openBrokerControl } from "${control}"; await openBrokerControl().kill(1)'`
    expect(start('--port', `${freePort()}`, '--exec', killed)).toMatchObject({ status: 0 })
    const { status, stderr } = start(
      '--port',
      `${freePort()}`,
      '--exec',
      `kill -9 $(cat ${dir}/broker-1/kafka.pid); sleep 60`,
    )
    expect(status).toBe(1)
    expect(stderr).toContain('E_KAFKA_EXITED: Kafka broker 1 exited by itself')
  })
})
