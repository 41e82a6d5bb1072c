import { setTimeout } from 'node:timers/promises'
import type { Offsets, Producer, Transaction } from 'kafkajs'
import type { KafkaClient } from './client.ts'
import { endHanging, type TransactionScope } from './hanging-transactions.ts'
import { isCoordinatorMoving, protocolErrorOf } from './protocol-error.ts'
import { type EncodedRecord, sendRecords } from './publisher.ts'

// Longer than any commit takes, short enough that readers do not wait long for a transaction whose owner has died and
// whose task has no new owner yet; a new owner ends it at once.
const TRANSACTION_TIMEOUT_MS = 30_000
const OFFSETS_RETRY_MS = 20
const OFFSETS_RETRIES_MAX = 500

const FENCED = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])

/** True when a newer producer with the same transactional id has taken over: whatever we hold is no longer ours. */
export function isFenced(error: unknown): boolean {
  const type = protocolErrorOf(error)
  return type !== null && FENCED.has(type)
}

/** How the transactional ids of a group's tasks begin; the number of the task follows. */
export function transactionalIds(groupId: string): string {
  return `${groupId}.`
}

/** The transactional producer of one task. After any failure it must be discarded: what has been committed is unknown. */
export class TaskProducer {
  private readonly producer: Producer
  private readonly groupId: string

  private constructor(producer: Producer, groupId: string) {
    this.producer = producer
    this.groupId = groupId
  }

  /**
   * Connects, ends what an older owner of the task has left open, and fences that owner off. Not before this resolves may
   * the changelog's end be asked for. `topics`: everything that the task may write; what hangs there is ended, too.
   */
  static async open(
    kafka: KafkaClient,
    groupId: string,
    task: number,
    topics: TransactionScope['topics'] = [],
  ): Promise<TaskProducer> {
    const transactionalId = `${transactionalIds(groupId)}${task}`
    if (topics.length > 0) endHanging(transactionalId, { groupId, topics })
    const producer = kafka.transactionalProducer(transactionalId, TRANSACTION_TIMEOUT_MS)
    try {
      await producer.connect()
      // connect() does not fence: kafkajs asks for the transactional producer id (InitProducerId, which bumps the epoch,
      // KIP-98) at the first transaction. One that is aborted empty sends nothing else.
      const transaction = await producer.transaction()
      await transaction.abort()
    } catch (error) {
      await producer.disconnect().catch(() => undefined)
      throw error
    }
    return new TaskProducer(producer, groupId)
  }

  /** Writes records and input offsets in one transaction. */
  async commit(records: readonly EncodedRecord[], offsets: Offsets): Promise<void> {
    const transaction = await this.producer.transaction()
    try {
      await this.sendOffsets(transaction, offsets)
      await sendRecords(transaction, records)
      await transaction.commit()
    } catch (error) {
      if (transaction.isActive()) await transaction.abort().catch(() => undefined)
      throw error
    }
  }

  async close(): Promise<void> {
    await this.producer.disconnect().catch(() => undefined)
  }

  /**
   * The first request of the transaction. A broker answers CONCURRENT_TRANSACTIONS while it still writes the markers of
   * the transaction before, and the group's coordinator may be moving; Java's producer waits, kafkajs gives up (it looks
   * for the latter under names that it does not use). Offsets can be sent again without harm, records could not, so they
   * go first.
   */
  private async sendOffsets(transaction: Transaction, { topics }: Offsets): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await transaction.sendOffsets({ consumerGroupId: this.groupId, topics })
        return
      } catch (error) {
        const mayPass = protocolErrorOf(error) === 'CONCURRENT_TRANSACTIONS' || isCoordinatorMoving(error)
        if (!mayPass || attempt >= OFFSETS_RETRIES_MAX) throw error
        await setTimeout(OFFSETS_RETRY_MS)
      }
    }
  }
}
