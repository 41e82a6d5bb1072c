import type { HopAssembler } from '../stream/assembler.ts'
import { hopEnd_ms } from '../stream/hop.ts'
import { SourceAssembler } from '../stream/source-assembler.ts'
import type { TaskInputs } from './task-inputs.ts'
import type { TaskOptions } from './task-options.ts'

/**
 * Live silence: a source that has been read to its end and brought nothing for a while closes the hops it has open and
 * follows the others. It is the only clock of the whole flow.
 */
export class SourceSilence {
  private readonly options: TaskOptions
  private readonly inputs: TaskInputs
  private isAsking = false

  constructor(options: TaskOptions, inputs: TaskInputs) {
    this.options = options
    this.inputs = inputs
  }

  /** Closes what a silence of `silence_ms` allows to close. `hop`: the last one committed. For a task that is running. */
  async note(
    assembler: HopAssembler,
    { silence_ms, now_ms, hop }: { silence_ms: number; now_ms: number; hop: number | null },
  ): Promise<void> {
    const { gate, hops, consumer, ends, prefix } = this.options
    const { inputs } = this
    if (this.isAsking || !(assembler instanceof SourceAssembler) || !gate) return
    const source = inputs.flows[0]
    if (!source || now_ms - inputs.lastArrival_ms < silence_ms) return
    const topic = prefix + source.input.topic
    const furthest = gate.furthest()
    const isBehind = furthest !== null && furthest > (hop ?? Number.NEGATIVE_INFINITY)
    if ((assembler.openEnd_ms() === null && !isBehind) || consumer.isPaused(topic, source.partition)) return
    this.isAsking = true
    try {
      const { arrivals } = inputs
      const end = (await ends.now(topic)).get(source.partition)
      if (!inputs.isFor(assembler) || inputs.arrivals !== arrivals) return
      if (end) consumer.expire(topic, source.partition, end.low)
      const next = consumer.next(topic, source.partition)
      if (!end || next === null || next < end.high) return
      const openEnd_ms = assembler.openEnd_ms()
      if (openEnd_ms !== null) assembler.advance(openEnd_ms + hops.bound_ms)
      if (furthest !== null) assembler.advance(hopEnd_ms(furthest, hops.length_ms) + hops.bound_ms)
      inputs.noteAdvance()
    } finally {
      this.isAsking = false
    }
  }
}
