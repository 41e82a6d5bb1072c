import type { HopAssembler } from '../stream/assembler.ts'
import { holdsTooMuch, type TaskInputs } from './task-inputs.ts'
import type { TaskOptions } from './task-options.ts'
import type { TaskSignal } from './task-signal.ts'

/**
 * The tables of a task, which join as of a hop's end: what had been written to them when the records that complete the hop
 * came must have been read.
 */
export class TaskTables {
  private readonly options: TaskOptions
  private readonly inputs: TaskInputs
  private readonly signal: TaskSignal
  /** Arrivals at an assembler, as of which the tables have been read up. */
  private asOf: { readonly assembler: HopAssembler; readonly arrivals: number } | null = null

  constructor(options: TaskOptions, inputs: TaskInputs, signal: TaskSignal) {
    this.options = options
    this.inputs = inputs
    this.signal = signal
  }

  /**
   * Resolves when the tables have been read far enough for the hop that is complete; true when for any, because nothing has
   * come since. `commitRejected` makes room where rejected input holds the tables back.
   */
  async readUp(assembler: HopAssembler, commitRejected: () => Promise<void>): Promise<boolean> {
    if (this.inputs.tables.length === 0) return true
    if (!this.areUp(assembler)) {
      const { arrivals } = this.inputs
      await this.readToEnds(assembler, commitRejected)
      this.asOf = { assembler, arrivals }
    }
    return this.areUp(assembler)
  }

  private areUp(assembler: HopAssembler): boolean {
    return this.asOf?.assembler === assembler && this.asOf.arrivals === this.inputs.arrivals
  }

  private async readToEnds(assembler: HopAssembler, commitRejected: () => Promise<void>): Promise<void> {
    const { consumer, ends, prefix } = this.options
    const targets = await Promise.all(
      this.inputs.tables.map(async ({ input, partition }) => {
        const topic = prefix + input.topic
        const { low, high } = (await ends.now(topic)).get(partition) ?? { low: 0, high: 0 }
        return { topic, partition, low, high }
      }),
    )
    for (const { topic, partition, low } of targets) consumer.expire(topic, partition, low)
    const areRead = () => targets.every(({ topic, partition, high }) => (consumer.next(topic, partition) ?? 0) >= high)
    for (;;) {
      await this.signal.until(() => areRead() || holdsTooMuch(assembler))
      if (areRead()) return
      // The tables are held back until the rejected have left.
      await commitRejected()
    }
  }
}
