import { randomUUID } from 'node:crypto'
import net, { type Socket } from 'node:net'
import kafkajs, {
  type Admin,
  type Consumer,
  type ConsumerConfig,
  type ITopicConfig,
  type Kafka as KafkaClient,
  type KafkaMessage,
  type Producer,
  type ProducerConfig,
} from 'kafkajs'
import { whileCoordinatorMoves } from '../../lib/kafka/kafkajs-patches.ts'
import { waitFor } from './wait-for.ts'

const { Kafka, Partitioners, logLevel } = kafkajs

/** Small enough for a test, allowed by every broker with Kafka's defaults. */
export const SESSION_MS = 6_000

export function kafkaClient(brokers: string[], clientId = 'conformance'): KafkaClient {
  return new Kafka({
    clientId,
    brokers,
    logLevel: logLevel.NOTHING,
    retry: { retries: 8, initialRetryTime: 50, maxRetryTime: 1_000 },
  })
}

/** A client whose sockets can be cut for good: the broker sees what it sees when a process is killed. */
export function mortalClient(brokers: string[], clientId: string): { kafka: KafkaClient; kill: () => void } {
  const sockets = new Set<Socket>()
  let isDead = false
  const kafka = new Kafka({
    clientId,
    brokers,
    logLevel: logLevel.NOTHING,
    retry: { retries: 0, restartOnFailure: async () => false },
    socketFactory: ({ host, port, onConnect }) => {
      const socket = net.connect({ host, port }, onConnect)
      sockets.add(socket)
      if (isDead) socket.destroy(new Error('this client is dead'))
      return socket
    },
  })
  return {
    kafka,
    kill: () => {
      isDead = true
      for (const socket of sockets) socket.destroy(new Error('this client was killed'))
    },
  }
}

export function producerOf(kafka: KafkaClient, config: ProducerConfig = {}): Producer {
  return kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    ...config,
  })
}

export function transactionalProducerOf(
  kafka: KafkaClient,
  transactionalId: string,
  config: ProducerConfig = {},
): Producer {
  return producerOf(kafka, { transactionalId, idempotent: true, maxInFlightRequests: 1, ...config })
}

/** The configuration that tests of groups share: quick heartbeats, quick polls. */
export function consumerConfig(groupId: string, config: Partial<ConsumerConfig> = {}): ConsumerConfig {
  return {
    groupId,
    sessionTimeout: SESSION_MS,
    rebalanceTimeout: 8_000,
    heartbeatInterval: 300,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
    ...config,
  }
}

/** Creates a topic under a name of its own and waits until the broker serves it. */
export async function createTopic(
  admin: Admin,
  config: Omit<ITopicConfig, 'topic'> & { prefix?: string } = {},
): Promise<string> {
  const { prefix = 'topic', ...rest } = config
  const topic = uniqueName(prefix)
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: 1, ...rest }] })
  await waitFor(`${topic} to be served`, () => admin.fetchTopicOffsets(topic).catch(() => null))
  return topic
}

export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`
}

export interface Received {
  readonly partition: number
  readonly offset: string
  readonly message: KafkaMessage
}

/** Reads a topic from the start with a group of its own until `until` is satisfied by what came. */
export async function readTopic(
  kafka: KafkaClient,
  topic: string,
  until: (received: readonly Received[]) => boolean,
  config: Partial<ConsumerConfig> = {},
): Promise<Received[]> {
  const received: Received[] = []
  const consumer = kafka.consumer(consumerConfig(uniqueName('reader'), config))
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ partition, message }) => void received.push({ partition, offset: message.offset, message }),
  })
  try {
    await waitFor(`enough of ${topic}`, () => until(received))
  } finally {
    await consumer.disconnect()
  }
  return received
}

/** What a group has committed of each partition of a topic. A coordinator that is still loading is asked again. */
export async function committedOffsets(admin: Admin, groupId: string, topic: string): Promise<string[]> {
  const [found] = await whileCoordinatorMoves(() => admin.fetchOffsets({ groupId, topics: [topic] }))
  return found?.partitions.map(({ offset }) => offset) ?? []
}

/** Resolves with the member's assignment when it has joined. */
export function joined(consumer: Consumer): Promise<Record<string, number[]>> {
  return new Promise((resolve) => {
    const remove = consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      remove()
      resolve(payload.memberAssignment)
    })
  })
}

/** `count` messages with keys that repeat every `keys`. */
export function numbered(count: number, keys = 97, from = 0): { key: string; value: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `key-${(from + index) % keys}`,
    value: String(from + index),
  }))
}
