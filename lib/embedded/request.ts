import type { GroupCoordinator } from './group-coordinator.ts'
import type { ProducerIds } from './producer-ids.ts'
import type { Reader } from './protocol/reader.ts'
import type { Writer } from './protocol/writer.ts'
import type { TopicStore } from './topics.ts'
import type { TransactionCoordinator } from './transactions.ts'

/** Everything the one node knows. */
export interface BrokerState {
  readonly nodeId: number
  readonly clusterId: string
  readonly topics: TopicStore
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
  readonly producerIds: ProducerIds
  readonly autoCreateTopics: boolean
  /** Partitions of a topic whose creator does not say how many (`num.partitions`). */
  readonly defaultPartitions: number
  readonly clock: () => number
}

/** Who asks, and under which address the broker is known to them. */
export interface RequestContext {
  readonly broker: BrokerState
  readonly clientId: string
  readonly clientHost: string
  readonly advertised: { readonly host: string; readonly port: number }
  /** Fires when the client is gone: whatever waits for its sake can stop. */
  readonly signal: AbortSignal
}

/** `respond`: send what was written. `stay-silent`: the protocol has no answer (acks=0). `hang-up`: close the connection. */
export type Outcome = 'respond' | 'stay-silent' | 'hang-up'

/** Reads one request of one API and writes its response. Throws MalformedRequest on bytes that do not parse. */
export type Handler = (
  request: Reader,
  response: Writer,
  version: number,
  context: RequestContext,
) => Outcome | Promise<Outcome>
