export interface CommittedOffset {
  readonly offset: number
  readonly metadata: string | null
}

export interface PartitionOffset extends CommittedOffset {
  readonly topic: string
  readonly partition: number
}

/** The positions that one consumer group has committed. */
export class CommittedOffsets {
  readonly #byTopic = new Map<string, Map<number, CommittedOffset>>()

  get isEmpty(): boolean {
    return this.#byTopic.size === 0
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#byTopic.get(topic)?.get(partition)
  }

  set({ topic, partition, offset, metadata }: PartitionOffset): void {
    const known = this.#byTopic.get(topic)
    if (known) known.set(partition, { offset, metadata })
    else this.#byTopic.set(topic, new Map([[partition, { offset, metadata }]]))
  }

  partitions(): { topic: string; partitions: number[] }[] {
    return [...this.#byTopic].map(([topic, offsets]) => ({ topic, partitions: [...offsets.keys()] }))
  }

  forgetTopic(topic: string): void {
    this.#byTopic.delete(topic)
  }
}
