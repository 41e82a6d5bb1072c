import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { createCodec } from '../../../lib/avro/codec.ts'
import { FRAME_BYTES, frame } from '../../../lib/avro/wire-format.ts'
import { RegistryUnavailable } from '../../../lib/kafka/errors.ts'
import { sendRecords } from '../../../lib/kafka/publisher.ts'
import { openRegistry } from '../../../lib/kafka/schemas.ts'
import type { ServiceControl } from '../../helpers/service-control.ts'
import type { Cluster } from '../runtime/cluster.ts'
import {
  committedThrough,
  expectSums,
  finish,
  Harness,
  publishRequests,
  requestsOf,
  stopInTime,
} from '../runtime/harness.ts'
import { countingStage, summingStage } from '../runtime/toy.ts'
import { registerVariant } from './schema-variants.ts'

const PARTITIONS = 4
const harness = new Harness()
afterEach(() => harness.close())

// Longer than kafkajs tries by itself and than a session lasts. HYDRAWATCH_AWAY_SECONDS=60 makes it the whole minute.
const AWAY_MS = Number(process.env.HYDRAWATCH_AWAY_SECONDS ?? 15) * 1_000
const NOT_OURS = 'this broker is not ours to stop'

const outages: [string, (control: ServiceControl) => Promise<void>][] = [
  [
    'is restarted',
    async (control) => {
      await control.stop()
      await control.start()
    },
  ],
  [
    `is gone for ${AWAY_MS / 1_000} s`,
    async (control) => {
      await control.stop()
      await pause(AWAY_MS)
      await control.start()
    },
  ],
  [
    `answers nothing for ${AWAY_MS / 1_000} s`,
    async (control) => {
      await control.freeze()
      await pause(AWAY_MS)
      await control.thaw()
    },
  ],
]

test.each(outages)('stages that are at work go on exactly when the broker %s', async (_what, disturb) => {
  const cluster = await harness.cluster(PARTITIONS)
  const control = cluster.service.brokerControl
  if (control === null) return expect(cluster.isExternal, NOT_OURS).toBe(true)
  const { stages, requests, lastHop } = await withBacklog(cluster)
  await disturb(control)
  const publisher = await harness.publisher(cluster, PARTITIONS)
  const more = requestsOf(lastHop + 1, 1_000)
  await publishRequests(publisher, more)
  await finish(publisher, stages[0]!, lastHop + 5)
  await expectSums(cluster, lastHop + 5, [...requests, ...more])
  await stopInTime(cluster, stages)
})

test('stages can be stopped while the broker is away, within their grace period', async () => {
  const cluster = await harness.cluster(PARTITIONS)
  const control = cluster.service.brokerControl
  if (control === null) return expect(cluster.isExternal, NOT_OURS).toBe(true)
  const { stages } = await withBacklog(cluster)
  await control.stop()
  try {
    await stopInTime(cluster, stages)
    await Promise.all(stages.map(({ closed }) => closed))
  } finally {
    await control.start()
  }
})

test('a registry that is away stops nobody who knows the schemas, ends a stage that needs another, and loses nothing', async () => {
  const cluster = await harness.cluster(1)
  const control = cluster.service.registryControl
  if (control === null) return expect(cluster.isExternal, 'this registry is not ours to stop').toBe(true)
  const { kafka, prefix, registryUrl: url } = cluster
  const codec = createCodec(openRegistry({ url, clientId: 'test', retries_max: 1, prefix }))
  const sum = await harness.start(cluster, summingStage, 1)
  const count = await harness.start(cluster, countingStage(), 1, { codec })
  const publisher = await harness.publisher(cluster, 1)
  const [known, unknown] = [requestsOf(1_000, 1_000), requestsOf(1_005, 1_000)]
  const otherId = await registerVariant(cluster, 'requests', { doc: 'as another version of us would write it' })

  await publishRequests(publisher, known.slice(0, 600))
  await committedThrough(count, 1_000)
  await control.stop()
  await publishRequests(publisher, known.slice(600))
  await committedThrough(count, 1_003)

  const producer = kafka.idempotentProducer()
  await producer.connect()
  harness.onClose(() => producer.disconnect())
  await sendRecords(
    producer,
    unknown.map((request) => ({
      topic: `${prefix}requests`,
      partition: 0,
      key: request.account_id,
      value: frame(otherId, cluster.codec.encode('requests', request).subarray(FRAME_BYTES)),
    })),
  )
  await expect(count.closed).rejects.toThrow(RegistryUnavailable)
  const tooEarly = harness.start(cluster, countingStage(), 1, { codec: freshCodec() })
  await expect(tooEarly).rejects.toThrow(RegistryUnavailable)

  await control.start()
  const again = await harness.start(cluster, countingStage(), 1, { codec: freshCodec() })
  await finish(publisher, sum, 1_009)
  await expectSums(cluster, 1_009, [...known, ...unknown])
  await stopInTime(cluster, [again, sum])

  function freshCodec() {
    return createCodec(openRegistry({ url, clientId: 'test', retries_max: 1, prefix }))
  }
})

/** Both stages in the middle of a backlog. */
async function withBacklog(cluster: Cluster) {
  const sum = await harness.start(cluster, summingStage, PARTITIONS)
  const count = await harness.start(cluster, countingStage(), PARTITIONS)
  const publisher = await harness.publisher(cluster, PARTITIONS)
  const requests = requestsOf(1_000, 12_000)
  await publishRequests(publisher, requests)
  await committedThrough(count, 1_005)
  return { stages: [sum, count], requests, lastHop: 1_059 }
}
