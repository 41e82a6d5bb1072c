/** Where a partition begins and ends for a reader of committed records. */
export interface PartitionEnd {
  readonly low: number
  /** Offset after the last record that can be read: the last stable offset. */
  readonly high: number
}

export type TopicEnds = ReadonlyMap<number, PartitionEnd>

interface Slot {
  running: Promise<TopicEnds>
  next: Promise<TopicEnds> | null
}

/**
 * Ends of topics as of a moment that is not before the question. Questions that come while a fetch is on its way share
 * the one after it: that one answers about a moment after all of them.
 */
export class PartitionEnds {
  private readonly slots = new Map<string, Slot>()
  private readonly answers = new Map<string, TopicEnds>()
  private readonly fetchEnds: (topic: string) => Promise<TopicEnds>

  constructor(fetchEnds: (topic: string) => Promise<TopicEnds>) {
    this.fetchEnds = fetchEnds
  }

  /** Rejects as the fetch does. */
  now(topic: string): Promise<TopicEnds> {
    const slot = this.slots.get(topic)
    if (!slot) return this.start(topic)
    slot.next ??= slot.running.then(
      () => this.start(topic),
      () => this.start(topic),
    )
    return slot.next
  }

  /** The latest answer, however old; null before the first. */
  last(topic: string): TopicEnds | null {
    return this.answers.get(topic) ?? null
  }

  private start(topic: string): Promise<TopicEnds> {
    const slot: Slot = { running: this.fetchEnds(topic), next: null }
    this.slots.set(topic, slot)
    const finish = (): void => {
      if (this.slots.get(topic) === slot && slot.next === null) this.slots.delete(topic)
    }
    slot.running.then((ends) => {
      this.answers.set(topic, ends)
      finish()
    }, finish)
    return slot.running
  }
}
