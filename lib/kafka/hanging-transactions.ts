import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import { type DescribingBroker, describeTransaction } from './kafkajs-describe-transaction.ts'

/** Everything that transactions of one id may have written. Topics by their names on the broker. */
export interface TransactionScope {
  readonly groupId: string
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
}

type Ending = 'commit' | 'abort'

interface Identity {
  readonly transactionalId: string
  readonly producerId: string
  readonly producerEpoch: number
}

type InitProducerId = (args: { readonly transactionalId?: string }) => Promise<Omit<Identity, 'transactionalId'>>

interface CoordinatingBroker extends DescribingBroker {
  initProducerId?: InitProducerId
  addPartitionsToTxn(args: Identity & Pick<TransactionScope, 'topics'>): Promise<unknown>
  addOffsetsToTxn(args: Identity & { readonly groupId: string }): Promise<unknown>
  endTxn(args: Identity & { readonly transactionResult: boolean }): Promise<unknown>
}

const POLL_MS = 20
// Ten seconds. Markers take milliseconds, unless a leader is away.
const POLLS_MAX = 500
const CONCURRENT_TRANSACTIONS = 51

const require = createRequire(import.meta.url)
const { createErrorFromCode }: { createErrorFromCode(code: number): Error } = require('kafkajs/src/protocol/error.js')
const scopes = new Map<string, TransactionScope>()
/** How transactions ended whose end could not be repeated yet: the coordinator forgets it when a producer is initialised. */
const endings = new Map<string, Ending>()

/** From now on a producer that is initialised for this id first repeats the end of the transaction before it. */
export function endHanging(transactionalId: string, scope: TransactionScope): void {
  scopes.set(transactionalId, scope)
}

/**
 * Apache Kafka can take a transaction for ended and leave it open in its partitions. While a broker shuts down, there is a moment
 * when partitions have no leader any more and the coordinator still serves: it takes them for deleted, leaves out their
 * markers and answers the commit (KAFKA-20734; seen with 4.4.0). Readers of committed records then stop before that transaction,
 * a task that restores itself does not find its position, says everything again, and its next commit lets readers see both.
 *
 * So whoever takes an id over writes the markers that may be missing: a transaction without a record, over all that the id
 * may have written, that ends as the one before it did. Where nothing is open, a marker says nothing.
 */
export function repeatEnds(hasChanged: (what: string) => void): void {
  const broker: { prototype: CoordinatingBroker } = require('kafkajs/src/broker/index.js')
  const { initProducerId } = broker.prototype
  if (typeof initProducerId !== 'function') {
    hasChanged('its way to take a transactional id over')
    return
  }
  broker.prototype.initProducerId = async function (this: CoordinatingBroker, args) {
    const { transactionalId } = args
    const scope = transactionalId === undefined ? undefined : scopes.get(transactionalId)
    if (!scope || transactionalId === undefined) return initProducerId.call(this, args)
    const state = await describeTransaction(this, transactionalId)
    const ending = state === null ? null : endingOf(state, endings.get(transactionalId) ?? 'commit')
    const identity = await initProducerId.call(this, args)
    if (ending === null) return identity
    endings.set(transactionalId, ending)
    await repeatEnd(this, { transactionalId, ...identity }, scope, ending)
    endings.delete(transactionalId)
    return identity
  }
}

/**
 * `otherwise`: for what the coordinator does not know any more. Unless we remember it, it was a commit: a task begins its next
 * transaction after a commit, and what it has begun is aborted when the id is taken over.
 */
function endingOf(state: string, otherwise: Ending): Ending {
  if (state === 'CompleteCommit' || state === 'PrepareCommit') return 'commit'
  if (state === 'CompleteAbort' || state === 'PrepareAbort' || state === 'PrepareEpochFence') return 'abort'
  return otherwise
}

async function repeatEnd(
  broker: CoordinatingBroker,
  { transactionalId, producerId, producerEpoch }: Identity,
  { groupId, topics }: TransactionScope,
  ending: Ending,
): Promise<void> {
  const identity = { transactionalId, producerId, producerEpoch }
  await broker.addPartitionsToTxn({ ...identity, topics })
  await broker.addOffsetsToTxn({ ...identity, groupId })
  await broker.endTxn({ ...identity, transactionResult: ending === 'commit' })
  // Answered before the markers are written (KIP-98); whoever reads on must find them.
  for (let poll = 0; poll < POLLS_MAX; poll++) {
    const state = await describeTransaction(broker, transactionalId)
    if (state?.startsWith('Complete')) return
    await setTimeout(POLL_MS)
  }
  throw createErrorFromCode(CONCURRENT_TRANSACTIONS)
}
