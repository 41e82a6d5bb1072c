import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { hydrawatch } from '../../helpers/cli.ts'
import { readCompose } from '../../helpers/compose.ts'
import { deployment } from '../../helpers/deployment.ts'
import { openEmbeddedBroker, openEmbeddedRegistry } from '../../helpers/embedded-services.ts'
import { groupMembers } from '../../helpers/group-members.ts'
import { kafkaClient, producerOf } from '../../helpers/kafka-client.ts'
import { isBuilt, type Program, said, startProgram, terminate } from '../../helpers/program.ts'
import { waitFor } from '../../helpers/wait-for.ts'

// What a platform sees of `hydrawatch run`: a process that is sent SIGTERM. What the runtime does then has tests of its own.

const PARTITIONS = 2
// Three stages have a task per partition, two have one.
const TASKS = 3 * PARTITIONS + 2
const GRACE_MS = Number.parseInt(String(readCompose().services.fingerprints?.stop_grace_period), 10) * 1000
type Place = Pick<TestBroker, 'brokers' | 'registryUrl'>
const running: Program[] = []

afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL')
})

function run(stages: readonly string[], env: NodeJS.ProcessEnv): Program {
  const program = startProgram(['run', ...stages], { env })
  running.push(program)
  return program
}

async function prepared(broker: Place, partitions = PARTITIONS) {
  const env = deployment(broker, partitions)
  const applied = await hydrawatch(['topics', 'apply'], { env })
  expect(applied.status, applied.err).toBe(0)
  return env
}

describe.runIf(isBuilt())('a process that is sent SIGTERM', () => {
  describe('while it runs', () => {
    let broker: TestBroker
    beforeAll(async () => {
      broker = await openBroker()
    })
    afterAll(() => broker.close())

    it('leaves the groups of all its stages and ends with 0', async () => {
      const env = await prepared(broker)
      const program = run(['all'], env)
      await waitFor('every task to run', () => said(program, 'task restored') >= TASKS)
      expect(await groupMembers(broker.brokers, env.HYDRAWATCH_TOPICS_PREFIX)).toEqual([1, 1, 1, 1, 1])
      expect(await terminate(program), program.err()).toEqual([0, null])
      expect(await groupMembers(broker.brokers, env.HYDRAWATCH_TOPICS_PREFIX)).toEqual([0, 0, 0, 0, 0])
    })
  })

  // The broker is in this process: what it serves waits until this test has looked at what the other process said. So it is
  // the embedded one whatever KAFKA_BROKERS says, and once is enough.
  describe.skipIf(process.env.KAFKA_BROKERS)('on a broker that this test holds', () => {
    let registry: Awaited<ReturnType<typeof openEmbeddedRegistry>>
    let control: Awaited<ReturnType<typeof openEmbeddedBroker>>
    let broker: Place
    beforeAll(async () => {
      registry = await openEmbeddedRegistry()
      control = await openEmbeddedBroker([])
      broker = { brokers: [control.running.address], registryUrl: registry.running.url }
    })
    afterAll(async () => {
      await control.stop()
      await registry.stop()
    })

    it('abandons a restore, leaves its group and ends with 0', async () => {
      const env = await prepared(broker, 1)
      await fillChangelog(broker, `${env.HYDRAWATCH_TOPICS_PREFIX}fingerprints.state`)
      const program = run(['fingerprints'], env)
      await waitFor('its task', () => said(program, 'tasks assigned') > 0)
      expect(await terminate(program), program.err()).toEqual([0, null])
      expect(said(program, 'task restored')).toBe(0)
      expect(await groupMembers(broker.brokers, env.HYDRAWATCH_TOPICS_PREFIX, ['fingerprints'])).toEqual([0])
    })

    // `run all`: five stages stop in the time of one.
    it('ends with 0 within the grace period when its broker is gone', async () => {
      const program = await runAll()
      await control.stop()
      expect(await inGrace(program), program.err()).toEqual([0, null])
      await control.start()
    })

    it('ends within the grace period when its broker says nothing, and says so when it had only begun', async () => {
      const program = await runAll()
      const silent = createServer((socket) => socket.on('error', () => undefined))
      await once(silent.listen(0, '127.0.0.1'), 'listening')
      const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`
      const connected = once(silent, 'connection')
      const beginner = run(['fingerprints'], { KAFKA_BROKERS: address, SCHEMA_REGISTRY_URL: broker.registryUrl })
      const [socket] = (await connected) as [Socket]
      await control.freeze()
      const ends = await Promise.all([inGrace(program), inGrace(beginner)])
      await control.thaw()
      socket.destroy()
      silent.close()
      expect(ends, program.err()).toEqual([
        [0, null],
        [1, null],
      ])
      expect(program.err()).toContain('stopped without leaving the group')
      expect(beginner.err()).toMatch(/^hydrawatch: not done 35 s after SIGTERM; ended where it was$/m)
    })

    async function runAll(): Promise<Program> {
      const program = run(['all'], await prepared(broker))
      await waitFor('every task to run', () => said(program, 'task restored') >= TASKS)
      return program
    }
  })
})

/** As a platform does it: SIGTERM, and SIGKILL when the grace period is over. */
async function inGrace(program: Program): Promise<Awaited<Program['exit']>> {
  const kill = setTimeout(() => program.child.kill('SIGKILL'), GRACE_MS)
  const end = await terminate(program)
  clearTimeout(kill)
  return end
}

/** Tombstones of accounts that nobody knows: 40 MB, of which a stage reads 1 MB at a time. */
async function fillChangelog({ brokers }: Place, topic: string): Promise<void> {
  const producer = producerOf(kafkaClient(brokers))
  await producer.connect()
  for (let batch = 0; batch < 50; batch++) {
    const keys = Array.from({ length: 100 }, (_, i) => `${batch}-${i}-`.padEnd(8_000, 'x'))
    // With a partition: kafkajs hashes a long key so slowly that this would take a minute.
    await producer.send({ topic, messages: keys.map((key) => ({ key, partition: 0, value: null })) })
  }
  await producer.disconnect()
}
