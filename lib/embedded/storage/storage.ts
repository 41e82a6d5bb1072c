import { type BatchStore, MemoryBatchStore } from '../log/batch-store.ts'
import { MemoryTables, type Tables } from './tables.ts'

export interface TopicIdentity {
  readonly name: string
  /** Different for a topic that is created again under the name of a deleted one. */
  readonly id: string
}

/** What outlives a broker: one that is started on the storage of a stopped one goes on where that left off. */
export interface BrokerStorage {
  readonly tables: Tables
  /** Told what a crash has left behind and what was done about it. */
  readonly log: (line: string) => void
  /** The batches of a partition, those of earlier runs included; empty for a partition that is new. */
  openPartition(topic: TopicIdentity, index: number): BatchStore
  /** Forgets the batches of a topic that is no more. */
  removeTopic(topic: TopicIdentity): void
  /** Forgets those of all other topics: of one whose deletion was cut short. */
  keepOnly(topics: readonly TopicIdentity[]): void
}

/** Storage in the memory of this process. */
export class MemoryStorage implements BrokerStorage {
  readonly tables = new MemoryTables()
  readonly log = () => undefined
  readonly #partitions = new Map<string, BatchStore[]>()

  openPartition({ id }: TopicIdentity, index: number): BatchStore {
    const stores = this.#partitions.get(id) ?? []
    this.#partitions.set(id, stores)
    const store = stores[index] ?? new MemoryBatchStore()
    stores[index] = store
    return store
  }

  removeTopic({ id }: TopicIdentity): void {
    this.#partitions.delete(id)
  }

  keepOnly(topics: readonly TopicIdentity[]): void {
    const ids = new Set(topics.map(({ id }) => id))
    for (const id of this.#partitions.keys()) if (!ids.has(id)) this.#partitions.delete(id)
  }
}
