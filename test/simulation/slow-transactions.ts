import { Refused } from '../../lib/embedded/errors.ts'
import type { PartitionLog } from '../../lib/embedded/log/partition-log.ts'
import { ErrorCode } from '../../lib/embedded/protocol/error-codes.ts'
import { type ProducerIdentity, TransactionCoordinator } from '../../lib/embedded/transactions.ts'

export interface Slowness {
  /** How long the markers of a transaction take after its end was answered. */
  readonly markerDelay_ms: () => number
  readonly later: (delay_ms: number, action: () => void) => void
}

type Dependencies = ConstructorParameters<typeof TransactionCoordinator>[0]

/**
 * A coordinator that writes markers some time after it has answered, as Kafka does, whose markers travel to other brokers:
 * until they are there readers see nothing, and whoever wants to go on with the id is told CONCURRENT_TRANSACTIONS.
 */
export class SlowTransactions extends TransactionCoordinator {
  private readonly slowness: Slowness
  /** Ids with partitions or offsets in an open transaction. */
  private readonly open = new Set<string>()
  /** Ids whose last transaction has been ended, but not everywhere; with the owner that may know. */
  private readonly ending = new Map<string, ProducerIdentity | null>()

  constructor(dependencies: Dependencies, slowness: Slowness) {
    super(dependencies)
    this.slowness = slowness
  }

  override initialise(id: string, timeout_ms: number): ProducerIdentity {
    if (this.ending.has(id)) throw concurrent(id)
    const delay_ms = this.slowness.markerDelay_ms()
    if (this.open.delete(id) && delay_ms > 0) {
      // The predecessor is fenced from here on; who asked has to come again.
      this.ending.set(id, null)
      this.slowness.later(delay_ms, () => {
        this.ending.delete(id)
        super.initialise(id, timeout_ms)
      })
      throw concurrent(id)
    }
    return super.initialise(id, timeout_ms)
  }

  override addPartitions(id: string, identity: ProducerIdentity, partitions: readonly PartitionLog[]): void {
    this.checkNotEnding(id, identity)
    super.addPartitions(id, identity, partitions)
    this.open.add(id)
  }

  override addOffsets(id: string, identity: ProducerIdentity, groupId: string): void {
    this.checkNotEnding(id, identity)
    super.addOffsets(id, identity, groupId)
    this.open.add(id)
  }

  override checkProduce(...args: Parameters<TransactionCoordinator['checkProduce']>): void {
    const [id, { producerId, producerEpoch }] = args
    this.checkNotEnding(id ?? '', { producerId, epoch: producerEpoch })
    super.checkProduce(...args)
  }

  override end(id: string, identity: ProducerIdentity, isCommit: boolean): void {
    this.checkNotEnding(id, identity)
    const delay_ms = this.slowness.markerDelay_ms()
    if (!this.open.delete(id) || delay_ms <= 0) {
      super.end(id, identity, isCommit)
      return
    }
    // Nothing is added; but a stranger, or an owner of before, is refused.
    super.addPartitions(id, identity, [])
    this.ending.set(id, identity)
    this.slowness.later(delay_ms, () => {
      this.ending.delete(id)
      super.end(id, identity, isCommit)
    })
  }

  private checkNotEnding(id: string, { epoch }: ProducerIdentity): void {
    const owner = this.ending.get(id)
    if (owner === undefined) return
    if (owner?.epoch === epoch) throw concurrent(id)
    throw new Refused(ErrorCode.INVALID_PRODUCER_EPOCH, `'${id}' has another owner than that of epoch ${epoch}`)
  }
}

function concurrent(id: string): Refused {
  return new Refused(ErrorCode.CONCURRENT_TRANSACTIONS, `the last transaction of '${id}' is being ended`)
}
