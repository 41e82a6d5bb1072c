/** A row to write; `row` null removes it. */
export interface Change {
  readonly table: string
  readonly key: string
  readonly row: object | null
}

/**
 * The small facts of a broker or registry (topics, offsets, transactions, schemas) as rows of tables, the last one written
 * under a key wins. Whoever owns a table keeps its own view in memory and reads the table once, when it starts.
 */
export interface Tables {
  /** All rows of a table, in no particular order. What they hold is for the reader to check. */
  rows(table: string): { key: string; row: unknown }[]
  /** Writes all of the changes, or none: there is no state in between to be found after a crash. */
  write(changes: readonly Change[]): void
}

/** Tables in memory, rows as JSON text: nobody can change one by holding on to an object. */
export class MemoryTables implements Tables {
  readonly #tables = new Map<string, Map<string, string>>()
  #size_bytes = 0

  /** Of all keys and rows, about. */
  get size_bytes(): number {
    return this.#size_bytes
  }

  rows(table: string): { key: string; row: unknown }[] {
    return [...(this.#tables.get(table) ?? [])].map(([key, text]) => ({ key, row: JSON.parse(text) }))
  }

  all(): Change[] {
    return [...this.#tables.keys()].flatMap((table) =>
      this.rows(table).map(({ key, row }) => ({ table, key, row: row as object })),
    )
  }

  write(changes: readonly Change[]): void {
    for (const { table, key, row } of changes) {
      const rows = this.#tables.get(table) ?? new Map<string, string>()
      this.#tables.set(table, rows)
      const replaced = rows.get(key)
      if (replaced !== undefined) this.#size_bytes -= key.length + replaced.length
      if (row === null) {
        rows.delete(key)
        continue
      }
      const text = JSON.stringify(row)
      rows.set(key, text)
      this.#size_bytes += key.length + text.length
    }
  }
}
