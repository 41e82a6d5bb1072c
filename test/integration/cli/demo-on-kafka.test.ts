import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startEmbeddedBroker } from '../../../lib/embedded/broker.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { hydrawatch, scratch, startHydrawatch } from '../../helpers/cli.ts'
import { kafkaClient } from '../../helpers/kafka-client.ts'
import { waitFor } from '../../helpers/wait-for.ts'

const DEMO_PREFIX = 'hydrawatch-demo-'
const files = scratch()
let broker: TestBroker
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  broker = await openBroker()
})

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

afterAll(() => broker.close())

async function adminOf(brokers: string[]) {
  const admin = kafkaClient(brokers).admin()
  await admin.connect()
  closing.push(() => admin.disconnect())
  return admin
}

async function demoTopics(admin: Awaited<ReturnType<typeof adminOf>>): Promise<string[]> {
  return (await admin.listTopics()).filter((topic) => topic.startsWith(DEMO_PREFIX))
}

/** Resolves when sample traffic is on the broker. */
async function isFed(admin: Awaited<ReturnType<typeof adminOf>>): Promise<void> {
  await waitFor('requests of the sample', async () => {
    const topic = (await demoTopics(admin)).find((name) => name.endsWith('.requests'))
    const ends = topic === undefined ? [] : await admin.fetchTopicOffsets(topic).catch(() => [])
    return ends.some(({ high }) => Number(high) > 100)
  })
}

describe('the demo on a Kafka of somebody else', () => {
  it('takes its topics away and leaves the registry as it was, also when it is interrupted', async () => {
    const admin = await adminOf(broker.brokers)
    const before = new Set(await admin.listTopics())
    const subjects = async () => (await (await fetch(`${broker.registryUrl}/subjects`)).json()) as string[]
    const registered = await subjects()
    const env = { KAFKA_BROKERS: broker.brokers.join(','), SCHEMA_REGISTRY_URL: broker.registryUrl }
    const running = startHydrawatch(['demo'], env)
    await isFed(admin)
    expect(await running.stop()).toBe(1)
    expect(running.io.err()).toMatch(/hydrawatch: interrupted by SIGTERM\n$/)
    expect((await admin.listTopics()).filter((topic) => !before.has(topic) && topic.startsWith(DEMO_PREFIX))).toEqual(
      [],
    )
    expect(await subjects()).toEqual(registered)
  })

  it('ends in one sentence when that Kafka goes away', async () => {
    const mortal = await startEmbeddedBroker()
    const admin = await adminOf([mortal.address])
    const argv = ['demo', '--set', 'kafka.retries_max=1', '--set', 'log.level=silent', '--quiet']
    const running = startHydrawatch(argv, { KAFKA_BROKERS: mortal.address })
    await isFed(admin)
    await mortal.stop()
    expect(await running.status).toBe(1)
    expect(running.io.err()).toMatch(/^hydrawatch: [^\n]*no answer from 127\.0\.0\.1:\d+ [^\n]*\n$/)
  })
})

describe('the demo', () => {
  it('refuses a folder to save to that it can not write, in one sentence', async () => {
    const notAFolder = files.write('file', '')
    const run = await hydrawatch(['demo', '--quiet', '--save', `${notAFolder}/demo`])
    expect(run.status).toBe(2)
    expect(run.err).toMatch(/^hydrawatch: can't write [^\n]*file\/demo[^\n]*\n$/)
  })

  it('listens to an interruption while it waits for the last hop', async () => {
    const running = startHydrawatch(['demo', '--set', 'topics.partitions=1'])
    Object.assign(running.io.stderr, { isTTY: true })
    await waitFor('the wait for the last hop', () => running.io.err().includes('waiting for the last hop'), 90_000)
    expect(await running.stop()).toBe(1)
    expect(running.io.err()).toMatch(/hydrawatch: interrupted by SIGTERM\n$/)
  })
})
