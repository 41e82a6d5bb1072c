import { setTimeout as pause } from 'node:timers/promises'
import kafkajs from 'kafkajs'

/**
 * A member of a group that copies a topic, each batch in one transaction with its position. Started by
 * exactly-once-copy.test.ts, which kills one of these; sends the parent the size of every batch that it committed.
 */
const { id, brokers, input, output, groupId } = JSON.parse(process.argv[2])
const { Kafka, Partitioners, logLevel } = kafkajs

const kafka = new Kafka({ clientId: `copy-${id}`, brokers, logLevel: logLevel.NOTHING, retry: { retries: 8 } })
const producer = kafka.producer({
  transactionalId: `${groupId}-${id}`,
  idempotent: true,
  maxInFlightRequests: 1,
  transactionTimeout: 5_000,
  createPartitioner: Partitioners.DefaultPartitioner,
})
const consumer = kafka.consumer({
  groupId,
  sessionTimeout: 6_000,
  heartbeatInterval: 300,
  rebalanceTimeout: 8_000,
  maxWaitTimeInMs: 100,
  maxBytesPerPartition: 8_000,
})
await producer.connect()
await consumer.connect()
await consumer.subscribe({ topic: input, fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch, heartbeat, isRunning, isStale }) => {
    if (!isRunning() || isStale()) return
    const offset = String(BigInt(batch.lastOffset()) + 1n)
    const transaction = await producer.transaction()
    try {
      await transaction.send({ topic: output, messages: batch.messages.map(({ key, value }) => ({ key, value })) })
      // Time for the parent to kill us between the records and their position.
      await pause(20)
      if (isStale()) throw new Error('this batch belongs to somebody else by now')
      await transaction.sendOffsets({
        consumerGroupId: groupId,
        topics: [{ topic: input, partitions: [{ partition: batch.partition, offset }] }],
      })
      await transaction.commit()
    } catch (error) {
      await transaction.abort().catch(() => undefined)
      throw error
    }
    process.send?.(batch.messages.length)
    await heartbeat()
  },
})
process.on('disconnect', () => process.exit())
