import { HopGate } from '../stream/hop-gate.ts'

/** The hop gate of one process, shared by its source tasks; other processes announce through the `hops` topic. */
export class SourceGate {
  private readonly gate: HopGate
  private readonly listeners = new Set<() => void>()

  constructor(partitions: number, ahead_hops: number) {
    this.gate = new HopGate(partitions, ahead_hops)
  }

  /** Records that a source has closed every hop up to `hop`, and wakes the tasks that may wait for it. */
  announce(partition: number, hop: number): void {
    this.gate.announce(partition, hop)
    for (const listener of this.listeners) listener()
  }

  limit(first: number): number {
    return this.gate.limit(first)
  }

  /** Largest hop that any source has closed; null before the first. */
  furthest(): number | null {
    return this.gate.furthest()
  }

  /** Sources that have closed less than the furthest. */
  behind(): { partition: number; hops: number }[] {
    return this.gate.behind()
  }

  /** Sources that have closed least, and hold the others back. */
  slowest(): number[] {
    const behind = this.gate.behind()
    const most = Math.max(...behind.map(({ hops }) => hops))
    return behind.filter(({ hops }) => hops === most).map(({ partition }) => partition)
  }

  /** Returns the way to stop listening. */
  onAnnounce(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
