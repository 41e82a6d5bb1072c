import { z } from 'zod'
import type { Tables } from './storage/tables.ts'

// Kafka's brokers take ids in blocks of as many from their controller.
const BLOCK = 1_000
const TABLE = 'producer-ids'
const KEY = 'reserved'
const reservedRow = z.object({ until: z.number() })

/** Hands out producer ids, each once in the life of the storage. What is left of a block at the end of a run is skipped. */
export class ProducerIds {
  readonly #tables: Tables
  #next: number
  #reserved: number

  constructor(tables: Tables) {
    this.#tables = tables
    const [stored] = tables.rows(TABLE)
    this.#reserved = stored === undefined ? BLOCK : reservedRow.parse(stored.row).until
    this.#next = this.#reserved
  }

  allocate(): number {
    if (this.#next >= this.#reserved) {
      this.#reserved = this.#next + BLOCK
      this.#tables.write([{ table: TABLE, key: KEY, row: { until: this.#reserved } }])
    }
    const id = this.#next
    this.#next += 1
    return id
  }
}
