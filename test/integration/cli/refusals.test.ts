import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { hydrawatch, jsonLines, scratch, startHydrawatch } from '../../helpers/cli.ts'
import { deployment } from '../../helpers/deployment.ts'
import { kafkaClient } from '../../helpers/kafka-client.ts'
import { waitFor } from '../../helpers/wait-for.ts'

const files = scratch()
const NOWHERE = '127.0.0.1:9'
// Few retries: what is tested is the sentence, not the patience.
const IMPATIENT = ['--set', 'kafka.retries_max=1', '--set', 'kafka.connect_timeout_ms=300']
const ABSENT_BROKER = { KAFKA_BROKERS: NOWHERE, SCHEMA_REGISTRY_URL: `http://${NOWHERE}` }
const prefixes: string[] = []
let broker: TestBroker

beforeAll(async () => {
  broker = await openBroker()
})

afterAll(async () => {
  if (broker.kind === 'external') await deleteDeployments()
  await broker.close()
})

/** On a broker that outlives the tests, what they made there. */
async function deleteDeployments(): Promise<void> {
  const admin = kafkaClient(broker.brokers).admin()
  await admin.connect()
  const topics = (await admin.listTopics()).filter((topic) => prefixes.some((prefix) => topic.startsWith(prefix)))
  if (topics.length > 0) await admin.deleteTopics({ topics })
  await admin.disconnect()
}

function deploymentOf(partitions?: number): NodeJS.ProcessEnv {
  const env = deployment(broker, partitions)
  prefixes.push(env.HYDRAWATCH_TOPICS_PREFIX)
  return env
}

/** Why it ended; the log of the client and what was on the way left out. */
function saidBy({ err }: { err: string }): string {
  return err
    .split('\n')
    .filter((line) => line.startsWith('hydrawatch: '))
    .join('\n')
}

describe('without kafka.brokers', () => {
  it.each(['topics apply', 'lag', 'run all', 'produce FILE'])(
    '%s asks for it, since a broker of its own would end with it',
    async (command) => {
      const run = await hydrawatch(command.split(' '))
      expect(run.status).toBe(2)
      expect(saidBy(run)).toMatch(/^hydrawatch: kafka\.brokers is not set: set KAFKA_BROKERS[^\n]+$/)
    },
  )

  it('doctor says what that means and is content', async () => {
    const run = await hydrawatch(['doctor', '--json'])
    expect(run.status).toBe(0)
    expect(jsonLines(run.out)).toContainEqual(expect.objectContaining({ check: 'kafka.brokers', state: 'warning' }))
  })
})

describe('with brokers and no registry', () => {
  it.each(['topics apply', 'lag', 'run all'])('%s asks for the registry', async (command) => {
    const run = await hydrawatch(command.split(' '), { env: { KAFKA_BROKERS: NOWHERE } })
    expect(run.status).toBe(2)
    expect(saidBy(run)).toMatch(/SCHEMA_REGISTRY_URL/)
  })

  it('doctor looks at the rest and counts the registry as failed', async () => {
    const run = await hydrawatch(['doctor', '--json', ...IMPATIENT], {
      env: { KAFKA_BROKERS: broker.brokers.join(',') },
    })
    expect(run.status).toBe(1)
    const checks = jsonLines(run.out)
    expect(checks).toContainEqual(
      expect.objectContaining({ check: 'connection', state: 'ok', detail: 'PLAINTEXT, as an anonymous client' }),
    )
    expect(checks).toContainEqual(expect.objectContaining({ check: 'broker', state: 'ok' }))
    const registry = { check: 'registry', state: 'failed', detail: expect.stringContaining('SCHEMA_REGISTRY_URL') }
    expect(checks).toContainEqual(expect.objectContaining(registry))
  })
})

describe('with TLS or SASL and no brokers', () => {
  const asked = [
    { HYDRAWATCH_KAFKA_TLS_ENABLED: 'true' },
    {
      HYDRAWATCH_KAFKA_SASL_MECHANISM: 'plain',
      HYDRAWATCH_KAFKA_SASL_USERNAME: 'u',
      HYDRAWATCH_KAFKA_SASL_PASSWORD: 'p',
    },
  ]

  it.each(asked)('demo and start refuse to leave %j out', async (env) => {
    for (const command of ['demo', 'start']) {
      const run = await hydrawatch([command], { env })
      expect(run.status).toBe(2)
      expect(saidBy(run)).toMatch(/^hydrawatch: kafka\.(tls|sasl)\.\w+ is set and kafka\.brokers is not: the embedded/)
    }
  })

  it.each(asked)('doctor counts %j as failed', async (env) => {
    const run = await hydrawatch(['doctor', '--json'], { env })
    expect(run.status).toBe(1)
    expect(jsonLines(run.out)).toContainEqual(expect.objectContaining({ check: 'kafka.brokers', state: 'failed' }))
  })
})

describe('with brokers of somebody', () => {
  it('start writes no sample traffic to them', async () => {
    const run = await hydrawatch(['start'], { env: ABSENT_BROKER })
    expect(run.status).toBe(2)
    expect(saidBy(run)).toMatch(/on a broker of its own only/)
  })
})

describe('with a broker that does not answer', () => {
  it.each(['topics apply', 'lag', 'demo'])('%s says where, in one sentence', async (command) => {
    const run = await hydrawatch([...command.split(' '), ...IMPATIENT], { env: ABSENT_BROKER })
    expect(run.status).toBe(1)
    expect(saidBy(run)).toMatch(
      /^hydrawatch: [^\n]*no answer from 127\.0\.0\.1:9 [^\n]*check that Kafka runs there[^\n]*$/,
    )
    expect(run.err).not.toContain('left behind')
  })

  it('doctor looks at everything else all the same', async () => {
    const env = { KAFKA_BROKERS: NOWHERE, SCHEMA_REGISTRY_URL: broker.registryUrl }
    const run = await hydrawatch(['doctor', '--json', ...IMPATIENT], { env })
    expect(run.status).toBe(1)
    const states = jsonLines(run.out).map(({ check, state }) => [check, state])
    expect(states).toContainEqual(['node', 'ok'])
    expect(states).toContainEqual(['broker', 'failed'])
    expect(states.map(([check]) => check)).toContain('registry')
  })
})

describe('without topics', () => {
  it.each(['lag', 'run all', 'produce FILE'])('%s names the command that creates them', async (command) => {
    const file = files.write('empty.ndjson', '')
    const env = deploymentOf()
    const run = await hydrawatch(command.replace('FILE', file).split(' '), { env })
    expect(run.status).toBe(1)
    expect(saidBy(run)).toMatch(/^hydrawatch: [^\n]*t-[^\n]* do not exist; run `hydrawatch topics apply`$/)
    expect(run.out).toBe('')
  })
})

describe('with topics of another partition count', () => {
  it.each(['topics apply', 'lag', 'run all', 'produce FILE', 'doctor'])(
    '%s refuses and gives the way out',
    async (command) => {
      const file = files.write('empty.ndjson', '')
      const env = deploymentOf(2)
      expect((await hydrawatch(['topics', 'apply'], { env })).status).toBe(0)
      const run = await hydrawatch(command.replace('FILE', file).split(' '), {
        env: { ...env, HYDRAWATCH_TOPICS_PARTITIONS: '3' },
      })
      expect(run.status).toBe(1)
      expect(run.err + run.out).toMatch(/has 2 partitions, 3 expected .*set topics\.partitions to what the broker has/)
    },
  )
})

describe('run', () => {
  it('names the nearest consumer, or all of them', async () => {
    const near = await hydrawatch(['run', 'fingerprint'])
    expect(near.status).toBe(2)
    expect(near.err).toMatch(/unknown consumer `fingerprint`; did you mean `fingerprints`\? There are fingerprints, /)
    const far = await hydrawatch(['run', 'quite-something-else'])
    expect(far.status).toBe(2)
    expect(far.err).toMatch(/unknown consumer `quite-something-else`\. There are fingerprints, .*, and all\.\n$/)
  })

  it('leaves its group when it is told to stop while it is joining', async () => {
    const env = deploymentOf()
    expect((await hydrawatch(['topics', 'apply'], { env })).status).toBe(0)
    const running = startHydrawatch(['run', 'all', '--set', 'log.level=info'], env)
    await waitFor('the first sign of a stage', () => running.io.err().includes('tasks assigned'))
    expect(await running.stop()).toBe(0)
    const lag = await hydrawatch(['lag', '--json'], { env })
    expect(lag.status, lag.err).toBe(0)
    expect(new Set(jsonLines(lag.out).map(({ stage }) => stage)).size).toBe(5)
  })
})

describe('broker', () => {
  it.each([
    ['--port', '--registry-port', 'broker'],
    ['--registry-port', '--port', 'registry'],
  ])('names a taken %s and fails, and leaves nothing listening', async (taken, free, what) => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const run = await hydrawatch(['broker', taken, String(port), free, '0'])
    expect(run.status).toBe(1)
    expect(run.out).toBe('')
    expect(saidBy(run)).toMatch(
      new RegExp(`^hydrawatch: .*${what} cannot listen on 127\\.0\\.0\\.1:${port}, [^\\n]*choose another port[^\\n]*$`),
    )
    await new Promise((resolve) => server.close(resolve))
    const again = startHydrawatch(['broker', taken, String(port), free, '0', '--json'])
    await waitFor('the address', () => again.io.out() !== '')
    expect(await again.stop()).toBe(0)
  })
})
