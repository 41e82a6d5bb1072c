import { z } from 'zod'
import type { BatchHeader } from '../wire/batch-header.ts'
import type { PartitionOffset } from './committed-offsets.ts'
import { Refused } from './errors.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { PartitionLog } from './log/partition-log.ts'
import type { ProducerIds } from './producer-ids.ts'
import { ErrorCode } from './protocol/error-codes.ts'
import type { BrokerStorage } from './storage/storage.ts'
import type { Change, Tables } from './storage/tables.ts'
import { after } from './timer.ts'
import type { TopicStore } from './topics.ts'

/**
 * Kafka's states, without the ones that only exist because its markers travel to other brokers: here a transaction ends
 * in one step. empty: initialised, nothing yet. The completed states answer a repeated EndTxn.
 */
type TransactionState = 'empty' | 'ongoing' | 'complete-commit' | 'complete-abort'

const LEGAL_MOVES: Readonly<Record<TransactionState, readonly TransactionState[]>> = {
  empty: ['empty', 'ongoing'],
  ongoing: ['complete-commit', 'complete-abort'],
  'complete-commit': ['empty', 'ongoing'],
  'complete-abort': ['empty', 'ongoing'],
}

const TABLE = 'transactions'
const transactionRow = z.object({
  state: z.enum(['empty', 'ongoing', 'complete-commit', 'complete-abort']),
  producerId: z.number(),
  epoch: z.number(),
  timeout_ms: z.number(),
  started_ms: z.number(),
  partitions: z.array(z.object({ topicId: z.string(), index: z.number() })),
  offsets: z.array(
    z.object({
      group: z.string(),
      offsets: z.array(
        z.object({ topic: z.string(), partition: z.number(), offset: z.number(), metadata: z.string().nullable() }),
      ),
    }),
  ),
})

interface Transaction {
  readonly id: string
  state: TransactionState
  producerId: number
  epoch: number
  timeout_ms: number
  /** When the last transaction began, by the broker's clock. */
  started_ms: number
  /** What the open transaction touched, or the ended one, until the next begins. */
  readonly partitions: Set<PartitionLog>
  /** Offsets by consumer group that become visible with the commit. */
  readonly offsets: Map<string, PartitionOffset[]>
  timer: NodeJS.Timeout | null
}

export interface ProducerIdentity {
  readonly producerId: number
  readonly epoch: number
}

export interface TransactionCoordinatorOptions {
  readonly producerIds: ProducerIds
  readonly groups: GroupCoordinator
  readonly topics: TopicStore
  readonly storage: BrokerStorage
  readonly clock: () => number
}

/** `transaction.max.timeout.ms` of Kafka. */
const TIMEOUT_MAX_MS = 15 * 60 * 1000
// Kafka forgets an id after a week without use; here the oldest idle one goes when there are this many. ~500 B each.
const TRANSACTIONAL_IDS_MAX = 20_000
// Epochs are 16 bits; the last one is kept for fencing, as in Kafka.
const EPOCH_MAX = 0x7fff - 1

/**
 * The transaction coordinator: who owns a transactional id, what its open transaction touched, and how it ended.
 * Behaviour is that of Kafka for request versions before KIP-890. Refusals carry the error code to answer.
 * Source: KIP-98 and TransactionCoordinator of Apache Kafka.
 */
export class TransactionCoordinator {
  readonly #transactions = new Map<string, Transaction>()
  readonly #producerIds: ProducerIds
  readonly #groups: GroupCoordinator
  readonly #topics: TopicStore
  readonly #tables: Tables
  readonly #clock: () => number

  /** Takes up the transactions that are in the tables; see `#recover`. */
  constructor(options: TransactionCoordinatorOptions) {
    this.#producerIds = options.producerIds
    this.#groups = options.groups
    this.#topics = options.topics
    this.#tables = options.storage.tables
    this.#clock = options.clock
    this.#recover(options.storage.log)
  }

  /** Makes the caller the owner of the id: aborts what its predecessor left open and fences it with a new epoch. */
  initialise(id: string, timeout_ms: number): ProducerIdentity {
    if (id === '') throw new Refused(ErrorCode.INVALID_REQUEST, 'the transactional id is empty')
    if (timeout_ms <= 0 || timeout_ms > TIMEOUT_MAX_MS) {
      throw new Refused(ErrorCode.INVALID_TRANSACTION_TIMEOUT, `${timeout_ms} ms; the limit is ${TIMEOUT_MAX_MS}`)
    }
    const transaction = this.#transactions.get(id) ?? this.#create(id)
    if (transaction.state === 'ongoing') this.#fenceAndAbort(transaction)
    if (transaction.epoch >= EPOCH_MAX) {
      transaction.producerId = this.#producerIds.allocate()
      transaction.epoch = -1
    }
    transaction.epoch += 1
    transaction.timeout_ms = timeout_ms
    moveTo(transaction, 'empty')
    transaction.partitions.clear()
    this.#save(transaction)
    return { producerId: transaction.producerId, epoch: transaction.epoch }
  }

  addPartitions(id: string, identity: ProducerIdentity, partitions: readonly PartitionLog[]): void {
    const transaction = this.#owned(id, identity)
    this.#begin(transaction)
    for (const partition of partitions) transaction.partitions.add(partition)
    this.#save(transaction)
  }

  addOffsets(id: string, identity: ProducerIdentity, groupId: string): void {
    const transaction = this.#owned(id, identity)
    this.#begin(transaction)
    if (!transaction.offsets.has(groupId)) transaction.offsets.set(groupId, [])
    this.#save(transaction)
  }

  /** Keeps offsets until the transaction ends. The group must have been added. */
  stageOffsets(id: string, identity: ProducerIdentity, groupId: string, offsets: readonly PartitionOffset[]): void {
    const transaction = this.#owned(id, identity)
    const staged = transaction.offsets.get(groupId)
    if (transaction.state !== 'ongoing' || !staged) {
      throw new Refused(ErrorCode.INVALID_TXN_STATE, `group '${groupId}' is not part of a transaction of '${id}'`)
    }
    staged.push(...offsets)
    this.#save(transaction)
  }

  /** Ends the open transaction. A repeat of the same ending is answered as done. */
  end(id: string, identity: ProducerIdentity, isCommit: boolean): void {
    const transaction = this.#owned(id, identity)
    if (transaction.state === 'ongoing') {
      this.#complete(transaction, isCommit)
    } else if (transaction.state !== (isCommit ? 'complete-commit' : 'complete-abort')) {
      throw new Refused(ErrorCode.INVALID_TXN_STATE, `'${id}' has no open transaction (${transaction.state})`)
    }
  }

  /** Throws Refused unless a transactional batch may be written to this partition now. */
  checkProduce(id: string | null, header: BatchHeader, partition: PartitionLog): void {
    const transaction = this.#owned(id ?? '', { producerId: header.producerId, epoch: header.producerEpoch })
    if (transaction.state !== 'ongoing' || !transaction.partitions.has(partition)) {
      throw new Refused(ErrorCode.INVALID_TXN_STATE, `the partition was not added to a transaction of '${id}'`)
    }
  }

  close(): void {
    for (const { timer } of this.#transactions.values()) if (timer !== null) clearTimeout(timer)
    this.#transactions.clear()
  }

  #create(id: string): Transaction {
    const transaction: Transaction = {
      id,
      state: 'empty',
      producerId: this.#producerIds.allocate(),
      epoch: -1,
      timeout_ms: 0,
      started_ms: 0,
      partitions: new Set(),
      offsets: new Map(),
      timer: null,
    }
    this.#transactions.set(id, transaction)
    if (this.#transactions.size > TRANSACTIONAL_IDS_MAX) this.#forgetOldest()
    return transaction
  }

  /** A forgotten owner that comes back is refused like any stranger: it is not let in under its old epoch. */
  #forgetOldest(): void {
    for (const [id, { state }] of this.#transactions) {
      if (state === 'ongoing') continue
      this.#transactions.delete(id)
      this.#tables.write([{ table: TABLE, key: id, row: null }])
      return
    }
  }

  #owned(id: string, identity: ProducerIdentity): Transaction {
    const transaction = this.#transactions.get(id)
    if (!transaction || transaction.producerId !== identity.producerId) {
      throw new Refused(
        ErrorCode.INVALID_PRODUCER_ID_MAPPING,
        `'${id}' is not the id of producer ${identity.producerId}`,
      )
    }
    if (transaction.epoch !== identity.epoch) {
      throw new Refused(
        ErrorCode.INVALID_PRODUCER_EPOCH,
        `'${id}' is in epoch ${transaction.epoch}, not ${identity.epoch}`,
      )
    }
    return transaction
  }

  #begin(transaction: Transaction): void {
    if (transaction.state === 'ongoing') return
    moveTo(transaction, 'ongoing')
    transaction.partitions.clear()
    transaction.started_ms = this.#clock()
    this.#limitTime(transaction, transaction.timeout_ms)
  }

  #limitTime(transaction: Transaction, left_ms: number): void {
    transaction.timer = after(left_ms, () => this.#fenceAndAbort(transaction))
  }

  /** The markers carry the new epoch, so that every partition refuses the old one from here on. */
  #fenceAndAbort(transaction: Transaction): void {
    transaction.epoch += 1
    this.#complete(transaction, false)
  }

  #complete(transaction: Transaction, isCommit: boolean): void {
    if (transaction.timer !== null) clearTimeout(transaction.timer)
    transaction.timer = null
    moveTo(transaction, isCommit ? 'complete-commit' : 'complete-abort')
    const offsets = new Map(isCommit ? transaction.offsets : [])
    transaction.offsets.clear()
    // The decision, and the offsets with it. From here on the markers will be written, by the next run if need be.
    this.#groups.commit(offsets, [changeOf(transaction)])
    for (const partition of transaction.partitions) this.#mark(transaction, partition)
  }

  #mark({ producerId, epoch: producerEpoch, state }: Transaction, partition: PartitionLog): void {
    // Deleted while the transaction was open.
    if (this.#topics.find(partition.identity) !== partition) return
    const isCommit = state === 'complete-commit'
    partition.appendMarker({ producerId, producerEpoch, isCommit, time_ms: this.#clock() })
  }

  #save(transaction: Transaction): void {
    this.#tables.write([changeOf(transaction)])
  }

  /**
   * Brings coordinator and partitions together again: an ended transaction gets the markers that it still lacks, an open
   * one what is left of its time. A transaction that is open on a partition and nowhere else can only be what a power
   * cut left; it is aborted, or readers would wait for its end for ever.
   */
  #recover(log: (line: string) => void): void {
    for (const { key: id, row } of this.#tables.rows(TABLE)) {
      const { partitions, offsets, ...rest } = transactionRow.parse(row)
      const transaction: Transaction = {
        id,
        ...rest,
        partitions: new Set(partitions.flatMap((identity) => this.#topics.find(identity) ?? [])),
        offsets: new Map(offsets.map((entry) => [entry.group, [...entry.offsets]])),
        timer: null,
      }
      this.#transactions.set(id, transaction)
      if (transaction.state === 'ongoing') {
        this.#limitTime(transaction, Math.max(0, rest.started_ms + rest.timeout_ms - this.#clock()))
      } else if (transaction.state !== 'empty') {
        for (const partition of transaction.partitions) {
          if (partition.hasOpenTransaction(rest.producerId)) this.#mark(transaction, partition)
        }
      }
    }
    for (const { name, partitions } of this.#topics.all()) {
      for (const partition of partitions) this.#abortStrays(name, partition, log)
    }
  }

  #abortStrays(topic: string, partition: PartitionLog, log: (line: string) => void): void {
    for (const { producerId, epoch: producerEpoch } of partition.openTransactions) {
      const isOurs = [...this.#transactions.values()].some(
        (transaction) =>
          transaction.state === 'ongoing' &&
          transaction.producerId === producerId &&
          transaction.partitions.has(partition),
      )
      if (isOurs) continue
      log(`aborted a transaction of producer ${producerId} on ${topic}/${partition.identity.index} that nobody can end`)
      partition.appendMarker({ producerId, producerEpoch, isCommit: false, time_ms: this.#clock() })
    }
  }
}

function changeOf({ id, timer: _timer, partitions, offsets, ...rest }: Transaction): Change {
  const row: z.infer<typeof transactionRow> = {
    ...rest,
    partitions: [...partitions].map(({ identity }) => identity),
    offsets: [...offsets].map(([group, list]) => ({ group, offsets: list })),
  }
  return { table: TABLE, key: id, row }
}

function moveTo(transaction: Transaction, next: TransactionState): void {
  if (!LEGAL_MOVES[transaction.state].includes(next)) {
    throw new RangeError(`transaction '${transaction.id}' cannot go from ${transaction.state} to ${next}`)
  }
  transaction.state = next
}
