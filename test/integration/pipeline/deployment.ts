import { STAGE_NAMES } from '../../../consumers/pipeline.ts'
import { alertLine } from '../../../lib/alerts/alert-line.ts'
import { AlertStream } from '../../../lib/alerts/alert-stream.ts'
import { type Cluster, openCluster } from '../../../lib/cli/cluster.ts'
import { createContext } from '../../../lib/cli/context.ts'
import type { Config } from '../../../lib/cli/settings-schema.ts'
import { type RunningStages, startStages } from '../../../lib/cli/stages.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import { deleteTopics } from '../../../lib/kafka/topics.ts'
import { hopOf } from '../../../lib/stream/hop.ts'
import { TOPIC_NAMES } from '../../../schemas/topics.ts'
import type { DeadLetter } from '../../../schemas/types.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { kafkaClient, uniqueName } from '../../helpers/kafka-client.ts'
import { waitFor } from '../../helpers/wait-for.ts'
import { capturedIo } from '../../unit/cli/captured-io.ts'

/** A record as it lies on the broker, for whoever looks for something in its bytes. */
export interface RawRecord {
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Buffer[]
}

/** Topics of their own on a broker, and the stages that run over them in this process. */
export interface Deployment {
  /** For the commands that work with it. */
  readonly env: NodeJS.ProcessEnv
  readonly prefix: string
  readonly brokers: string[]
  readonly config: Config
  readonly cluster: Cluster
  readonly broker: TestBroker
  /** Every log line so far, at the most talkative level. */
  log(): string
  /** Resolves when every stage has closed the hop that holds this time. */
  passed(time_ms: number): Promise<void>
  /** Alert lines that stand on the topic, as CONTRACT has them. */
  alertLines(): Promise<string[]>
  /** The last hop that the topic of alerts has been closed for; -1 before the first. */
  lastAlertHop(): Promise<number>
  deadLetters(): Promise<DeadLetter[]>
  /** Compacts now, where the broker can be told to. */
  compactNow(): void
  /** Every committed record of every topic, not decoded. */
  rawRecords(): Promise<RawRecord[]>
  close(): Promise<void>
}

// Nothing is closed by silence: the end of the input is marked, and a slow machine must not change the result.
const NO_SILENCE_MS = '86400000'
const PASS_DEADLINE_MS = 90_000

/** Opens the broker of the tests, creates the topics and starts the stages: all five, those named, or none. */
export async function openDeployment(partitions: number, names: readonly string[] = STAGE_NAMES): Promise<Deployment> {
  const broker = await openBroker()
  const prefix = `${uniqueName('pipeline')}.`
  const env = {
    KAFKA_BROKERS: broker.brokers.join(','),
    SCHEMA_REGISTRY_URL: broker.registryUrl,
    HYDRAWATCH_TOPICS_PREFIX: prefix,
    HYDRAWATCH_TOPICS_PARTITIONS: String(partitions),
    HYDRAWATCH_HOPS_SILENCE_MS: NO_SILENCE_MS,
    HYDRAWATCH_LOG_LEVEL: 'trace',
  }
  const io = capturedIo(env)
  const context = createContext(io, new AbortController().signal, {}, false)
  const config: Config = context.config()
  const cluster: Cluster = await openCluster(context, config)
  await cluster.prepare()
  const reached = new Map<string, number>()
  const stages: RunningStages = await startStages(context, config, cluster, names, {
    onHop: ({ stage, hop }) => reached.set(stage, hop),
  })
  let failure: { error: unknown } | null = null
  stages.closed.catch((error: unknown) => {
    failure = { error }
  })
  const { kafka, codec } = cluster
  return {
    env,
    prefix,
    brokers: broker.brokers,
    config,
    cluster,
    broker,
    log: () => io.err(),
    async passed(time_ms) {
      const hop = hopOf(time_ms, config.hops.length_ms)
      await waitFor(
        `hop ${hop} to pass every stage`,
        () => {
          if (failure) throw failure.error
          return (reached.get('enforcement') ?? -1) >= hop
        },
        PASS_DEADLINE_MS,
      )
    },
    async alertLines() {
      const stream = new AlertStream()
      const records = await readTopic({ kafka, codec, prefix, topic: 'alerts' })
      return records.flatMap(({ value, hop }) => stream.add(value, hop?.last ?? false)).map(alertLine)
    },
    async lastAlertHop() {
      const records = await readTopic({ kafka, codec, prefix, topic: 'alerts' })
      return records.reduce((last, { hop }) => (hop?.last ? Math.max(last, hop.hop) : last), -1)
    },
    async deadLetters() {
      const records = await readTopic({ kafka, codec, prefix, topic: 'dead-letters' })
      return records.flatMap(({ value }) => value ?? [])
    },
    compactNow: () => {
      broker.compactNow?.()
    },
    rawRecords: () =>
      readRaw(
        broker.brokers,
        TOPIC_NAMES.map((topic) => prefix + topic),
      ),
    async close() {
      await stages.stop()
      if (broker.kind === 'external') await deleteTopics(kafka, prefix)
      await cluster.close()
      await broker.close()
    },
  }
}

async function readRaw(brokers: string[], topics: string[]): Promise<RawRecord[]> {
  const kafka = kafkaClient(brokers)
  const admin = kafka.admin()
  await admin.connect()
  const ends = new Map<string, number>()
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (Number(high) > Number(low)) ends.set(`${topic}/${partition}`, Number(high))
    }
  }
  await admin.disconnect()
  const records: RawRecord[] = []
  const consumer = kafka.consumer({ groupId: uniqueName('raw-reader'), maxWaitTimeInMs: 100 })
  // Transaction markers end most partitions. They never come as messages, but their offsets do reach this event.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, lastOffset } }) => {
    const place = `${topic}/${partition}`
    if (Number(lastOffset) + 1 >= (ends.get(place) ?? 0)) ends.delete(place)
  })
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ topic, message: { key, value, headers = {} } }) => {
      const texts = Object.entries(headers).flatMap(([name, text]) => [name, ...[text ?? []].flat()])
      records.push({ topic, key, value, headers: texts.map((text) => Buffer.from(text)) })
    },
  })
  try {
    await waitFor('the end of every partition', () => ends.size === 0, 60_000)
  } finally {
    await consumer.disconnect()
  }
  return records
}
