import type { TopicName } from '../../schemas/topics.ts'
import type { TopicValue, TopicValues } from '../../schemas/values.ts'
import type { HopAssembler } from './assembler.ts'
import { HopGate } from './hop-gate.ts'
import type { Failure, Output, Processor } from './processor.ts'
import type { InputRecord, OutputRecord, RejectedRecord } from './record.ts'
import { sealHop } from './seal.ts'
import { SourceAssembler } from './source-assembler.ts'
import { type Stage, taskCount } from './stage.ts'
import { createAssembler, type HopSettings, isSource, partitionCount, writerCount } from './topology.ts'

export interface DriverOptions {
  readonly stages: readonly Stage[]
  readonly partitions: number
  readonly hops: HopSettings
  /** Which partition a keyed record goes to; any function of the key will do, results don't depend on it. */
  readonly partitionOf?: (key: string, partitions: number) => number
  /** Sees every record that a stage emits, in order. */
  readonly onOutput?: (stage: string, record: OutputRecord) => void
  readonly onRejected?: (stage: string, record: RejectedRecord) => void
  readonly onFailure?: (stage: string, hop: number, failure: Failure) => void
}

interface Task {
  readonly stage: Stage
  readonly index: number
  readonly assembler: HopAssembler
  readonly processor: Processor
}

interface Subscriber {
  readonly task: Task
  readonly partition: number
}

/**
 * Runs the whole topology in memory, synchronously: the shell behind `hydrawatch replay` and the topology tests. After
 * each piped record every hop that became complete has passed through all stages.
 */
export class Driver {
  private readonly tasks: Task[] = []
  private readonly sources: SourceAssembler[] = []
  private readonly subscribers = new Map<string, Subscriber[]>()
  private readonly offsets = new Map<string, number>()
  private readonly gate: HopGate
  private readonly options: DriverOptions

  constructor(options: DriverOptions) {
    this.options = options
    const { stages, partitions, hops } = options
    this.gate = new HopGate(partitions, hops.ahead_hops)
    for (const stage of stages) {
      for (let index = 0; index < taskCount(stage, partitions); index++) {
        const assembler = createAssembler(stage, index, {
          partitions,
          hops,
          limit: (first) => this.gate.limit(first),
          writers: (topic) => writerCount(stages, topic, partitions),
        })
        const processor = stage.create({ task: index, partitions, hop_ms: hops.length_ms })
        const task = { stage, index, assembler, processor }
        this.tasks.push(task)
        if (assembler instanceof SourceAssembler) this.sources.push(assembler)
        this.subscribe(task)
      }
    }
  }

  /** Pipes one record from outside into a topic and runs what it completes. */
  pipe<Topic extends TopicName>(topic: Topic, key: string, value: TopicValues[Topic]): void {
    const partitions = partitionCount(topic, this.options.partitions)
    this.deliver(topic, partitions === 1 ? 0 : this.partitionOf(key, partitions), {
      value,
      hop: null,
      watermark_ms: null,
    })
    this.run()
  }

  /** End of input: closes every hop that holds records. */
  finish(): void {
    const ends = this.sources.flatMap((source) => source.openEnd_ms() ?? [])
    if (ends.length === 0) return
    const end_ms = Math.max(...ends)
    for (const source of this.sources) source.advance(end_ms + this.options.hops.bound_ms)
    this.run()
  }

  /** Counters of every stage, summed over its tasks. */
  counters(): Record<string, Record<string, number>> {
    const stages: Record<string, Record<string, number>> = {}
    for (const { stage, processor } of this.tasks) {
      const sums = stages[stage.name] ?? {}
      stages[stage.name] = sums
      for (const [name, count] of Object.entries(processor.counters())) sums[name] = (sums[name] ?? 0) + count
    }
    return stages
  }

  /** The processors of a stage, for tests that look at state. */
  processors(stage: string): Processor[] {
    return this.tasks.filter((task) => task.stage.name === stage).map(({ processor }) => processor)
  }

  private subscribe(task: Task): void {
    const { partitions } = this.options
    for (const input of task.stage.inputs) {
      const own = input.partitions === 'own'
      const count = own ? 1 : partitionCount(input.topic, partitions)
      for (let i = 0; i < count; i++) {
        const partition = own ? task.index : i
        const place = `${input.topic}/${partition}`
        this.subscribers.set(place, [...(this.subscribers.get(place) ?? []), { task, partition }])
      }
    }
  }

  private run(): void {
    // Nothing moves unless a source can close a hop, and that is looked at once per piped record.
    if (!this.sources.some((source) => source.ready())) return
    // Stages stand in flow order, so one pass carries a hop to the end; sources may free each other through the gate.
    let progressed = true
    while (progressed) {
      progressed = false
      for (const task of this.tasks) while (task.assembler.ready()) progressed = this.step(task) || progressed
    }
  }

  private step({ stage, index, assembler, processor }: Task): boolean {
    const taken = assembler.take()
    if (!taken) return false
    for (const rejected of taken.rejected) this.options.onRejected?.(stage.name, rejected)
    const outputs = processor.process(taken.input)
    processor.drainChanges()
    const failures = processor.drainFailures?.() ?? []
    for (const failure of failures) this.options.onFailure?.(stage.name, taken.input.hop, failure)
    if (isSource(stage)) this.gate.announce(index, taken.input.hop)
    this.emit(stage, index, taken.input.hop, outputs)
    return true
  }

  private emit(stage: Stage, task: number, hop: number, outputs: readonly Output[]): void {
    const { partitions } = this.options
    for (const record of sealHop(stage, task, hop, outputs, (topic) => partitionCount(topic, partitions))) {
      this.options.onOutput?.(stage.name, record)
      const partition = record.partition ?? this.partitionOf(record.key, partitionCount(record.topic, partitions))
      this.deliver(record.topic, partition, { value: record.value, hop: record.hop, watermark_ms: null })
    }
  }

  private deliver(
    topic: TopicName,
    partition: number,
    record: { value: TopicValue | null } & Pick<InputRecord, 'hop' | 'watermark_ms'>,
  ): void {
    const place = `${topic}/${partition}`
    const offset = this.offsets.get(place) ?? 0
    this.offsets.set(place, offset + 1)
    for (const { task } of this.subscribers.get(place) ?? []) {
      task.assembler.offer({ topic, partition, offset, rejection: null, raw: null, packed: null, ...record })
    }
  }

  private partitionOf(key: string, partitions: number): number {
    return (this.options.partitionOf ?? sumOfCodes)(key, partitions)
  }
}

function sumOfCodes(key: string, partitions: number): number {
  let sum = 0
  for (let i = 0; i < key.length; i++) sum = (sum * 31 + key.charCodeAt(i)) >>> 0
  return sum % partitions
}
