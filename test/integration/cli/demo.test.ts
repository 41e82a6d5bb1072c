import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { hydrawatch, jsonLines, scratch } from '../../helpers/cli.ts'
import { kafkaClient } from '../../helpers/kafka-client.ts'

const files = scratch()
let broker: TestBroker

beforeAll(async () => {
  broker = await openBroker()
})

afterAll(async () => {
  await broker.close()
})

it('finds the planted campaigns, accuses nobody else, and agrees with a replay byte for byte', async () => {
  // On a real Kafka the demo brings a registry of its own; with none set, a broker of its own too.
  const env = broker.kind === 'external' ? { KAFKA_BROKERS: broker.brokers.join(',') } : {}
  const run = await hydrawatch(['demo', '--json', '--save', files.folder], { env })
  expect(run.status, run.err).toBe(0)
  const rows = jsonLines(run.out)
  const verdict = (truth: string) => rows.find((row) => row.truth === truth)
  expect(verdict('ordinary')).toMatchObject({ ever_accused: 0 })
  expect(Number(verdict('hydra')?.accused) / Number(verdict('hydra')?.accounts)).toBeGreaterThan(0.8)
  expect(verdict('logprob-probe')).toMatchObject({ accounts: 1, accused: 1 })
  expect(rows).toContainEqual({ lag_records: 0 })
  const replayed = await hydrawatch(['replay', files.path('events.ndjson'), '--alerts', files.path('replayed.ndjson')])
  expect(replayed.status).toBe(0)
  expect(files.read('replayed.ndjson')).toBe(files.read('alerts.ndjson'))
  if (broker.kind === 'external') {
    const admin = kafkaClient(broker.brokers).admin()
    await admin.connect()
    expect((await admin.listTopics()).filter((topic) => topic.startsWith('hydrawatch-demo-'))).toEqual([])
    await admin.disconnect()
  }
}, 400_000)
