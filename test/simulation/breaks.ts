import type { Producer, Transaction } from 'kafkajs'
import type { KafkaClient } from '../../lib/kafka/client.ts'

/**
 * Ways to break the runtime between it and its Kafka, one rule of it each. The schedules have to notice every one: a
 * simulation that finds nothing is worth what it would have found.
 */
export const BREAKS: Readonly<Record<string, (kafka: KafkaClient) => KafkaClient>> = {
  /** A new owner of a task takes another transactional id, so that the old one goes on writing. */
  'fences nobody': (kafka) => {
    let opened = 0
    return {
      ...kafka,
      transactionalProducer(id, timeout_ms) {
        opened += 1
        // Per process and attempt.
        return kafka.transactionalProducer(`${id}.${opened}.${Math.random()}`, timeout_ms)
      },
    }
  },

  /** The predecessor is fenced by the first commit, not before the changelog's end is asked for. */
  'fences after the restore': (kafka) =>
    withTransactions(kafka, (begin, attempt) => (attempt === 1 ? Promise.resolve(idle) : begin())),

  /** State and position go to the changelog by themselves, and the outputs in a transaction of their own. */
  'commits the position separately': (kafka) => {
    const alone = kafka.idempotentProducer()
    let connected: Promise<void> | null = null
    return withTransactions(kafka, async (begin) => {
      const transaction = await begin()
      connected ??= alone.connect()
      await connected
      return {
        ...transaction,
        async sendBatch(batch) {
          const isState = ({ topic }: { topic: string }): boolean => topic.endsWith('.state')
          const topicMessages = batch.topicMessages ?? []
          await alone.sendBatch({ topicMessages: topicMessages.filter(isState) })
          return transaction.sendBatch({ topicMessages: topicMessages.filter((topic) => !isState(topic)) })
        },
      }
    })
  },

  /** A commit that fails is taken for one that was carried out: state and position stay as they are. */
  'keeps its state after a failed commit': (kafka) => ({
    ...kafka,
    transactionalProducer(id, timeout_ms) {
      let producer = kafka.transactionalProducer(id, timeout_ms)
      const connect = async (): Promise<void> => {
        producer = kafka.transactionalProducer(id, timeout_ms)
        await producer.connect()
      }
      return {
        ...producer,
        connect,
        disconnect: () => producer.disconnect(),
        async transaction() {
          const transaction = await producer.transaction()
          return { ...transaction, commit: () => transaction.commit().catch(connect) }
        },
      }
    },
  }),

  /** A restore ends before the last transaction of the changelog. */
  'starts before its restore has ended': (kafka) => ({
    ...kafka,
    admin() {
      const admin = kafka.admin()
      return {
        ...admin,
        async fetchTopicOffsets(topic) {
          const ends = await admin.fetchTopicOffsets(topic)
          if (!topic.endsWith('.state')) return ends
          return ends.map((end) => ({ ...end, high: String(Math.max(Number(end.low), Number(end.high) - 4)) }))
        },
      }
    },
  }),

  /** What a transaction has written is read before it is known whether it stays. */
  'reads what is not committed': (kafka) => ({
    ...kafka,
    consumer: (config, ...rest) => kafka.consumer({ ...config, readUncommitted: true }, ...rest),
  }),
}

/** Sends nothing, and fences nobody. */
const idle: Transaction = {
  isActive: () => true,
  send: async () => [],
  sendBatch: async () => [],
  sendOffsets: async () => undefined,
  commit: async () => undefined,
  abort: async () => undefined,
}

function withTransactions(
  kafka: KafkaClient,
  change: (begin: () => Promise<Transaction>, attempt: number) => Promise<Transaction>,
): KafkaClient {
  return {
    ...kafka,
    transactionalProducer(id, timeout_ms): Producer {
      const producer = kafka.transactionalProducer(id, timeout_ms)
      let attempts = 0
      return {
        ...producer,
        transaction() {
          attempts += 1
          return change(() => producer.transaction(), attempts)
        },
      }
    },
  }
}
