import { join } from 'node:path'
import type { BatchStore } from '../log/batch-store.ts'
import type { Disk } from './disk.ts'
import { Journal } from './journal.ts'
import { SegmentStore } from './segment-store.ts'
import type { BrokerStorage, TopicIdentity } from './storage.ts'
import type { Tables } from './tables.ts'

export interface FileStorageOptions {
  readonly disk: Disk
  readonly folder: string
  /** Told of what a crash has left and what was done about it. */
  readonly log: (line: string) => void
}

// With the id behind it, a folder's name stays within the 255 bytes that file systems allow.
const NAME_LENGTH_MAX = 200

/** Storage in a folder: a journal of the tables, and under `logs` a folder per topic with a folder per partition. */
export class FileStorage implements BrokerStorage {
  readonly tables: Tables
  readonly log: (line: string) => void
  readonly #options: FileStorageOptions
  readonly #logs: string

  /** Throws DamagedFile. */
  constructor(options: FileStorageOptions) {
    const { disk, folder, log } = options
    this.#options = options
    this.log = log
    this.#logs = join(folder, 'logs')
    this.tables = new Journal({ disk, path: join(folder, 'broker.journal'), log })
  }

  openPartition(topic: TopicIdentity, index: number): BatchStore {
    const { disk, log } = this.#options
    return new SegmentStore({ disk, folder: join(this.#logs, folderOf(topic), String(index)), log })
  }

  removeTopic(topic: TopicIdentity): void {
    this.#options.disk.remove(join(this.#logs, folderOf(topic)))
  }

  keepOnly(topics: readonly TopicIdentity[]): void {
    const { disk } = this.#options
    const known = new Set(topics.map(folderOf))
    for (const name of disk.list(this.#logs)) {
      if (known.has(name)) continue
      this.log(`removed ${join(this.#logs, name)}, whose topic was deleted`)
      disk.remove(join(this.#logs, name))
    }
  }
}

function folderOf({ name, id }: TopicIdentity): string {
  return `${name.slice(0, NAME_LENGTH_MAX)}.${id}`
}
