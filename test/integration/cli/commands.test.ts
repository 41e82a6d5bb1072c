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
let broker: TestBroker
let env: NodeJS.ProcessEnv

function requests(count: number): string {
  const at = (minute: number) => new Date(Date.UTC(2026, 2, 2, 8, minute)).toISOString()
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      type: 'request',
      event_id: `e-${i}`,
      event_time: at(i),
      account_id: `acct-${i % 5}`,
      request_model: 'model-a',
      response: { status: 200 },
    }),
  ).join('\n')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

beforeAll(async () => {
  broker = await openBroker()
  env = deployment(broker)
})

afterAll(async () => {
  await broker.close()
})

describe('topics apply', () => {
  it('creates every topic once and refuses partition counts that do not match', async () => {
    const first = await hydrawatch(['topics', 'apply', '--json'], { env })
    expect(first.status).toBe(0)
    expect(new Set(jsonLines(first.out).map(({ state }) => state))).toEqual(new Set(['created']))
    const second = await hydrawatch(['topics', 'apply', '--json'], { env })
    expect(new Set(jsonLines(second.out).map(({ state }) => state))).toEqual(new Set(['existing']))
    const other = await hydrawatch(['topics', 'apply'], { env: { ...env, HYDRAWATCH_TOPICS_PARTITIONS: '3' } })
    expect(other.status).toBe(1)
    expect(other.err).toMatch(/has 2 partitions, 3 expected/)
  })
})

describe('produce, run and lag', () => {
  it('carries a file through long-lived consumers, and keeps what it can not read', async () => {
    const name = files.write('requests.ndjson', `${requests(30)}\nnot json\n`)
    const produced = await hydrawatch(['produce', name, '--end-of-input', '--json'], { env })
    expect(produced.status).toBe(0)
    const written = new Map(jsonLines(produced.out).map(({ topic, records }) => [topic, records]))
    expect(written).toEqual(
      new Map([
        ['requests', 30],
        ['dead-letters', 1],
      ]),
    )
    const before = jsonLines((await hydrawatch(['lag', '--json'], { env })).out)
    const unstarted = before.filter(({ stage, topic }) => stage === 'fingerprints' && topic === 'requests')
    expect(unstarted).toMatchObject([
      { partition: 0, held: false, hop: null, state: 'stopped' },
      { partition: 1, held: false, hop: null, state: 'stopped' },
    ])
    const port = await freePort()
    const pages = `http://127.0.0.1:${port}`
    const running = startHydrawatch(['run', 'all', '--set', `metrics.port=${port}`], env)
    try {
      await waitFor('the last hop in every stage', async () => {
        const lag = await hydrawatch(['lag', '--json'], { env })
        expect(lag.status, lag.err).toBe(0)
        const rows = jsonLines(lag.out)
        // Behind the last record of a partition stand its closing marker and transaction markers, which are no records.
        return rows.every(
          ({ committed, lag: behind, state }) => committed !== null && Number(behind) <= 3 && state === 'ok',
        )
      })
      expect((await fetch(`${pages}/readyz`)).status).toBe(200)
      for (const path of ['/metrics', '/statez']) {
        const body = await (await fetch(pages + path)).text()
        expect(body).toContain('enforcement')
        expect(body).not.toMatch(/acct-/)
      }
    } finally {
      expect(await running.stop()).toBe(0)
    }
    await expect(fetch(`${pages}/livez`)).rejects.toThrow()
  })

  it('refuses to run beside somebody who holds the port of the metrics', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const run = await hydrawatch(['run', 'all', '--set', `metrics.port=${port}`], { env })
    taken.close()
    expect(run.status).toBe(1)
    expect(run.err).toContain(`the metrics endpoint cannot listen on 127.0.0.1:${port}`)
  })

  it('looks at the lag again and again until it is told to stop', async () => {
    const watching = startHydrawatch(['lag', '--watch', '--interval', '0.1', '--json'], env)
    try {
      const looks = () => new Set(jsonLines(watching.io.out()).map(({ observed_at }) => observed_at))
      await waitFor('a third look', () => looks().size >= 3)
    } finally {
      expect(await watching.stop()).toBe(0)
    }
    expect((await hydrawatch(['lag', '--watch', '--interval', '0'], { env })).status).toBe(2)
  })

  it('refuses what it does not know, with the nearest name', async () => {
    const run = await hydrawatch(['run', 'linkages'], { env })
    expect(run.status).toBe(2)
    expect(run.err).toMatch(/did you mean `linkage`/)
  })

  it('asks for topics, a broker or a registry that are not there', async () => {
    const name = files.write('few.ndjson', `${requests(3)}\n`)
    const noTopics = await hydrawatch(['produce', name], { env: deployment(broker) })
    expect(noTopics.status).toBe(1)
    expect(noTopics.err).toMatch(/do not exist; run `hydrawatch topics apply`/)
    const noBroker = await hydrawatch(['produce', name, ...IMPATIENT], { env: { ...env, KAFKA_BROKERS: NOWHERE } })
    expect(noBroker.status).toBe(1)
    expect(noBroker.err).toMatch(/no answer from 127\.0\.0\.1:9/)
    const noRegistry = await hydrawatch(['produce', name, ...IMPATIENT], {
      env: { ...env, SCHEMA_REGISTRY_URL: `http://${NOWHERE}` },
    })
    expect(noRegistry.status).toBe(1)
    expect(noRegistry.err).toMatch(/no answer from the schema registry/)
    const consumer = await hydrawatch(['run', 'all', ...IMPATIENT], { env: { ...env, KAFKA_BROKERS: NOWHERE } })
    expect(consumer.status).toBe(1)
    expect(consumer.err).toMatch(/no answer from 127\.0\.0\.1:9/)
    expect((await hydrawatch(['run', 'all'])).status).toBe(2)
  })
})

describe('produce --sample', () => {
  it('writes the sample of a seed once, with its end, and never among traffic', async () => {
    const own = deployment(broker)
    await hydrawatch(['topics', 'apply'], { env: own })
    const argv = ['produce', '--sample', '--json']
    const first = await hydrawatch(argv, { env: own })
    expect(first.status, first.err).toBe(0)
    const written = new Map(jsonLines(first.out).map(({ topic, records }) => [topic, records]))
    // Six hours of some 700 accounts.
    expect(Number(written.get('requests'))).toBeGreaterThan(20_000)
    expect(Number(written.get('accounts'))).toBeGreaterThan(600)
    expect(Number(written.get('outcomes'))).toBeGreaterThan(0)
    const { HYDRAWATCH_TOPICS_PREFIX: prefix } = own
    const admin = kafkaClient(broker.brokers).admin()
    await admin.connect()
    const ends = await admin.fetchTopicOffsets(`${prefix}requests`)
    await admin.disconnect()
    // What stands behind the requests on each partition says that nothing older follows.
    expect(ends.reduce((sum, { high }) => sum + Number(high), 0)).toBe(Number(written.get('requests')) + ends.length)
    const second = await hydrawatch(argv, { env: own })
    expect(second.status).toBe(1)
    expect(second.out).toBe('')
    expect(second.err).toMatch(
      /^hydrawatch: t-[^\n]*requests holds or held traffic, and --sample writes only [^\n]*\n$/,
    )
  })

  it.each([
    [[], /^hydrawatch: nothing to produce: give files, '-' for standard input, or --sample\.\n$/],
    [['--sample', 'calls.ndjson'], /^hydrawatch: --sample takes no files/],
    [['--sample', '--live'], /cannot be used with option '--live'/],
    [['--sample', '--format', 'mooncake'], /cannot be used with option '--format/],
  ])('takes one kind of input: %s', async (argv, complaint) => {
    const run = await hydrawatch(['produce', ...argv], { env })
    expect(run.status).toBe(2)
    expect(run.err).toMatch(complaint)
  })
})

describe('doctor', () => {
  it('passes a prepared deployment, warns of published keys, and fails one without topics', async () => {
    const good = await hydrawatch(['doctor', '--json'], { env })
    expect(good.status, good.err).toBe(0)
    const states = new Map(jsonLines(good.out).map(({ check, state }) => [check, state]))
    expect(states.get('edge.content_secret')).toBe('warning')
    expect(states.get('topics')).toBe('ok')
    expect(states.get('registry')).toBe('ok')
    const bare = await hydrawatch(['doctor', '--json'], { env: deployment(broker) })
    expect(bare.status).toBe(1)
    expect(jsonLines(bare.out).find(({ check }) => check === 'topics')?.state).toBe('failed')
  })
})

describe('broker', () => {
  it('says where it is and ends on SIGTERM', async () => {
    const running = startHydrawatch(['broker', '--port', '0', '--registry-port', '0', '--json'])
    await waitFor('the address', () => running.io.out() !== '')
    const [where] = jsonLines(running.io.out())
    expect(where).toMatchObject({
      brokers: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      registry: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    })
    expect(await running.stop()).toBe(0)
  })

  it('names a port that is in use', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const run = await hydrawatch(['broker', '--port', String(port), '--registry-port', '0'])
    taken.close()
    expect(run.status).not.toBe(0)
    expect(run.err).toMatch(new RegExp(String(port)))
  })
})
