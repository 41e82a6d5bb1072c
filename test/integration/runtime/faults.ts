import type { Transaction } from 'kafkajs'
import type { KafkaClient } from '../../../lib/kafka/client.ts'

/**
 * Moments in the life of a hop's commit, in their order.
 * - `begin`: the hop is processed, nothing is sent.
 * - `offsets`: the transaction is open and holds the input offsets.
 * - `records`: it holds records as well.
 * - `commit`: the commit is on its way, its answer is not awaited.
 * - `committed`: the broker has committed; this process has done nothing with the answer.
 */
export const COMMIT_POINTS = ['begin', 'offsets', 'records', 'commit', 'committed'] as const
export type CommitPoint = (typeof COMMIT_POINTS)[number]

/** The client, except that `at` is called, and awaited, at each point of every transaction that carries something. */
export function watchCommits(kafka: KafkaClient, at: (point: CommitPoint) => void | Promise<void>): KafkaClient {
  return {
    ...kafka,
    transactionalProducer(transactionalId, timeout_ms) {
      const producer = kafka.transactionalProducer(transactionalId, timeout_ms)
      const transaction = async (): Promise<Transaction> => {
        const real = await producer.transaction()
        return {
          ...real,
          // Every commit of a task begins with its offsets; the empty transaction that fences has none.
          async sendOffsets(offsets) {
            await at('begin')
            await real.sendOffsets(offsets)
            await at('offsets')
          },
          async sendBatch(batch) {
            const metadata = await real.sendBatch(batch)
            await at('records')
            return metadata
          },
          async commit() {
            const committing = real.commit()
            committing.catch(() => undefined)
            await at('commit')
            await committing
            await at('committed')
          },
        }
      }
      return { ...producer, transaction }
    },
  }
}

/** Something that others wait for until it is opened. */
export interface Barrier {
  readonly passed: Promise<void>
  open(): void
}

export function barrier(): Barrier {
  let open = (): void => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}

/** The client, except that no task gets its producer, with which a restore begins, before the barrier is open. */
export function holdRestores(kafka: KafkaClient, { passed }: Barrier): KafkaClient {
  return {
    ...kafka,
    transactionalProducer(transactionalId, timeout_ms) {
      const producer = kafka.transactionalProducer(transactionalId, timeout_ms)
      return { ...producer, connect: () => passed.then(() => producer.connect()) }
    },
  }
}
