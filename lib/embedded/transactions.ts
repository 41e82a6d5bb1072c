import type { PartitionOffset } from './committed-offsets.ts'
import { Refused } from './errors.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { PartitionLog } from './log/partition-log.ts'
import type { BatchHeader } from './log/record-batch.ts'
import type { ProducerIds } from './producer-ids.ts'
import { ErrorCode } from './protocol/error-codes.ts'

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

interface Transaction {
  readonly id: string
  state: TransactionState
  producerId: number
  epoch: number
  timeout_ms: number
  readonly partitions: Set<PartitionLog>
  /** Offsets by consumer group that become visible with the commit. */
  readonly offsets: Map<string, PartitionOffset[]>
  timer: NodeJS.Timeout | null
}

export interface ProducerIdentity {
  readonly producerId: number
  readonly epoch: number
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
  readonly #clock: () => number

  constructor(dependencies: { producerIds: ProducerIds; groups: GroupCoordinator; clock: () => number }) {
    this.#producerIds = dependencies.producerIds
    this.#groups = dependencies.groups
    this.#clock = dependencies.clock
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
    return { producerId: transaction.producerId, epoch: transaction.epoch }
  }

  addPartitions(id: string, identity: ProducerIdentity, partitions: readonly PartitionLog[]): void {
    const transaction = this.#owned(id, identity)
    this.#begin(transaction)
    for (const partition of partitions) transaction.partitions.add(partition)
  }

  addOffsets(id: string, identity: ProducerIdentity, groupId: string): void {
    const transaction = this.#owned(id, identity)
    this.#begin(transaction)
    if (!transaction.offsets.has(groupId)) transaction.offsets.set(groupId, [])
  }

  /** Keeps offsets until the transaction ends. The group must have been added. */
  stageOffset(id: string, identity: ProducerIdentity, groupId: string, offset: PartitionOffset): void {
    const transaction = this.#owned(id, identity)
    const staged = transaction.offsets.get(groupId)
    if (transaction.state !== 'ongoing' || !staged) {
      throw new Refused(ErrorCode.INVALID_TXN_STATE, `group '${groupId}' is not part of a transaction of '${id}'`)
    }
    staged.push(offset)
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
    transaction.timer = setTimeout(() => this.#fenceAndAbort(transaction), transaction.timeout_ms)
    transaction.timer.unref()
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
    const { producerId, epoch: producerEpoch } = transaction
    for (const partition of transaction.partitions) {
      partition.appendMarker({ producerId, producerEpoch, isCommit, time_ms: this.#clock() })
    }
    if (isCommit) for (const [groupId, offsets] of transaction.offsets) this.#groups.storeCommitted(groupId, offsets)
    transaction.partitions.clear()
    transaction.offsets.clear()
  }
}

function moveTo(transaction: Transaction, next: TransactionState): void {
  if (!LEGAL_MOVES[transaction.state].includes(next)) {
    throw new RangeError(`transaction '${transaction.id}' cannot go from ${transaction.state} to ${next}`)
  }
  transaction.state = next
}
