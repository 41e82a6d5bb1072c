import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const START = join(import.meta.dirname, '../../../scripts/real-kafka/start.mjs')
const JAVA_17 = 'echo \'openjdk version "17.0.1"\' >&2; exit 0'

/** A Kafka that answers the probe and nothing else; the port is in the properties file, its last argument. */
const FAKE_KAFKA = `
const text = require('node:fs').readFileSync(process.argv.at(-1), 'utf8')
const port = Number(/^listeners=PLAINTEXT:\\/\\/127.0.0.1:(\\d+)/m.exec(text)[1])
require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', () => socket.write(Buffer.from([0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1])))
}).listen(port, '127.0.0.1')
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
    stub(
      'mvn',
      `for flag; do case $flag in -Dmdep.outputFile=*) printf %s ${home}/kafka_2.13-4.9.9.jar >"\${flag#*=}";; esac; done`,
    )
    stub('java', `case "$*" in -version) ${JAVA_17};; *StorageTool*) exit 0;; *) ${kafka};; esac`)
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

  async function freePort() {
    const port = await listen(0)
    await new Promise((resolve) => listeners.pop()?.close(resolve))
    return port
  }

  it('names the port that is in use, of the broker and of the controller', async () => {
    const port = await listen(0)
    const broker = start('--port', `${port}`)
    expect(broker).toMatchObject({ status: 1, stdout: '' })
    expect(broker.stderr).toContain(`E_PORT_IN_USE: port ${port} (broker)`)
    expect(start('--port', `${port - 1}`).stderr).toContain(`E_PORT_IN_USE: port ${port} (controller)`)
  })

  it('says that Java is missing or too old, and what to do', async () => {
    const port = `${await freePort()}`
    expect(start('--port', port).stderr).toMatch(/^E_NO_JAVA: .*install Java 17 or later/)
    stub('java', 'echo \'java version "11.0.2"\' >&2')
    expect(start('--port', port).stderr).toMatch(/^E_NO_JAVA: .*11\.0\.2.*Kafka 4 needs 17/)
  })

  it('says that Maven is missing', async () => {
    stub('java', JAVA_17)
    const argv = [START, '--dir', dir, '--port', `${await freePort()}`]
    const { stderr } = spawnSync(process.execPath, argv, { env: env('/nowhere'), encoding: 'utf8' })
    expect(stderr).toMatch(/E_NO_MAVEN: .*install Maven 3\.8 or later/)
  })

  it('quotes Maven when Maven fails', async () => {
    stub('java', JAVA_17)
    stub('mvn', 'echo "[ERROR] repository is away"; exit 1')
    const { status, stderr } = start('--port', `${await freePort()}`)
    expect(status).toBe(1)
    expect(stderr).toMatch(/E_MAVEN: .*\n\[ERROR\] repository is away/)
  })

  it('shows the end of the log when Kafka exits early, and leaves no pid file', async () => {
    stubTools('echo "FATAL disk is a lie"; exit 3')
    const { status, stderr } = start('--port', `${await freePort()}`)
    expect(status).toBe(1)
    expect(stderr).toMatch(/E_KAFKA_EXITED: Kafka exited with status 3 [\s\S]*FATAL disk is a lie/)
    expect(existsSync(join(dir, 'kafka.pid'))).toBe(false)
  })

  it('runs a command against Kafka, keeps its output and its status, and stops Kafka', async () => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const port = await freePort()
    const command = `echo "brokers=$KAFKA_BROKERS"; cp ${dir}/kafka.pid ${home}/seen.pid; exit 7`
    const { status, stdout, stderr } = start('--port', `${port}`, '--exec', command)
    expect({ status, stdout }).toEqual({ status: 7, stdout: `brokers=127.0.0.1:${port}\n` })
    expect(stderr).toContain('"version":"4.9.9"')
    const pid = Number(readFileSync(join(home, 'seen.pid'), 'utf8'))
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('stops Kafka on %s in the foreground', async (signal) => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const port = await freePort()
    const owner = spawn(process.execPath, [START, '--dir', dir, '--port', `${port}`], { env: env() })
    const [line] = await once(owner.stdout, 'data')
    const { brokers, pid } = JSON.parse(String(line))
    expect(brokers).toBe(`127.0.0.1:${port}`)
    owner.kill(signal)
    expect(await once(owner, 'exit')).toEqual([0, null])
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  it('detaches, refuses a second start in the same folder, and stops', async () => {
    stubTools(`exec ${process.execPath} ${home}/fake-kafka.cjs "$@"`)
    const port = `${await freePort()}`
    const first = start('--port', port, '--detach')
    expect(first.status).toBe(0)
    const { pid } = JSON.parse(first.stdout)
    expect(start('--port', port, '--detach').stderr).toContain(
      `E_ALREADY_RUNNING: Kafka runs from ${dir} as pid ${pid}`,
    )
    expect(start('--stop')).toMatchObject({ status: 0, stderr: `real-kafka: stopped pid ${pid}\n` })
    expect(start('--stop').stderr).toContain('no Kafka runs')
  })

  it('does not touch a process that has taken over the pid of a dead Kafka', () => {
    mkdirSync(dir)
    writeFileSync(join(dir, 'kafka.pid'), `${process.pid}\n`)
    expect(start('--stop')).toMatchObject({ status: 0 })
    expect(existsSync(join(dir, 'kafka.pid'))).toBe(false)
  })
})
