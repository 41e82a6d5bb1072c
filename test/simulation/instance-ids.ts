import type { Random } from '../../producers/sample/random.ts'
import type { SimulatedProcess } from './process.ts'

// Somebody has copied a setting, or a platform has started a process before the one before it was gone.
const TAKEN_CHANCE = 0.1

/** The ids of processes that keep their place in their groups (KIP-345), as a StatefulSet gives names to its pods. */
export class InstanceIds {
  private readonly holders: Map<string, SimulatedProcess | null>
  private readonly random: Random

  constructor(count: number, random: Random) {
    this.holders = new Map(Array.from({ length: count }, (_, i) => [`pod-${i}`, null]))
    this.random = random
  }

  /** One that nobody has now, if there is one; rarely, any. */
  next(): string {
    const all = [...this.holders.keys()]
    const free = all.filter((id) => !this.holders.get(id)?.isThere)
    const mayTake = this.random.chance(TAKEN_CHANCE)
    return this.random.pick(mayTake || free.length === 0 ? all : free)
  }

  give(id: string, process: SimulatedProcess): void {
    this.holders.set(id, process)
  }
}
