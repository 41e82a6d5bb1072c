import { afterAll, beforeAll, expect, it } from 'vitest'
import { frame } from '../../../lib/avro/wire-format.ts'
import { campaign, crowd } from '../../helpers/campaigns.ts'
import { hydrawatch, scratch } from '../../helpers/cli.ts'
import { kafkaClient, producerOf } from '../../helpers/kafka-client.ts'
import { inOrder, tick } from '../../helpers/traffic.ts'
import { type Deployment, openDeployment } from './deployment.ts'

const UNKNOWN_SCHEMA_ID = 4_711
const poison = [
  { reason: 'bad_wire_format', value: Buffer.from('{"type": "request"}') },
  { reason: 'unknown_schema', value: frame(UNKNOWN_SCHEMA_ID, Buffer.from([2, 4])) },
] as const

const files = scratch()
const lines = inOrder([...crowd(), ...campaign({ until: 40 }), tick(45)]).map((event) => JSON.stringify(event))
const half = Math.floor(lines.length / 2)
let deployment: Deployment

beforeAll(async () => {
  deployment = await openDeployment(3)
})

afterAll(() => deployment.close())

it('bytes that nobody can read are set aside, what is sent twice counts once, and the alerts are those of the clean log', async () => {
  const { env, prefix, brokers } = deployment
  const first = files.write('first.ndjson', lines.slice(0, half).join('\n'))
  const second = files.write('second.ndjson', lines.slice(half).join('\n'))
  // A gateway that was not answered sends the end of what it had again, and now and then a line at once.
  const repeated = [...lines.slice(half - 200, half), ...lines.slice(half).flatMap((l, i) => (i % 10 ? [l] : [l, l]))]
  const again = files.write('again.ndjson', repeated.join('\n'))
  const replayed = await hydrawatch(['replay', first, second, '--alerts', files.path('alerts.ndjson')])
  expect(replayed.status, replayed.err).toBe(0)

  expect((await hydrawatch(['produce', first], { env })).status).toBe(0)
  const producer = producerOf(kafkaClient(brokers))
  await producer.connect()
  for (const partition of [0, 1, 2]) {
    const messages = poison.map(({ value }) => ({ key: 'a', value, partition }))
    await producer.send({ topic: `${prefix}requests`, messages })
  }
  await producer.disconnect()
  expect((await hydrawatch(['produce', again, '--end-of-input'], { env })).status).toBe(0)
  await deployment.passed(Date.parse(String(tick(45).event_time)))

  const alerts = await deployment.alertLines()
  expect(alerts.length).toBeGreaterThan(0)
  expect(`${alerts.join('\n')}\n`).toBe(files.read('alerts.ndjson'))
  const letters = await deployment.deadLetters()
  const byPlace = letters.map(({ source, partition, stage, reason }) => [source, partition, stage, reason].join(' '))
  expect(byPlace.sort()).toEqual(
    [0, 1, 2].flatMap((partition) => poison.map(({ reason }) => `requests ${partition} fingerprints ${reason}`)).sort(),
  )
})
