import type { TopicValue } from '../../schemas/values.ts'
import type { ChangelogEntry } from './processor.ts'

/** Which entries of a processor's state have changed since they were last drained; values are read when drained. */
export class Changes {
  private readonly marked = new Map<string, () => TopicValue | null>()

  /** Marks `key` as changed; `read` gives its value at the time of draining, null when it is gone. */
  mark(key: string, read: () => TopicValue | null): void {
    this.marked.set(key, read)
  }

  /** The changed entries in order of their keys. */
  drain(): ChangelogEntry[] {
    const entries = [...this.marked].map(([key, read]) => ({ key, value: read() }))
    this.marked.clear()
    return entries.sort((a, b) => (a.key < b.key ? -1 : 1))
  }
}
