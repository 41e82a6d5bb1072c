import type { TopicName } from '../../schemas/topics.ts'
import type { InputPosition } from '../../schemas/types.ts'
import type { TopicValue } from '../../schemas/values.ts'
import type { InputRecord } from './record.ts'
import type { InputPartition, StageInput } from './stage.ts'
import { TableBuffer } from './table-buffer.ts'

interface TablePartition {
  readonly input: StageInput
  readonly partition: number
  readonly buffer: TableBuffer<TopicValue>
}

/** The table inputs of one task, joined as of event time. */
export class TableInputs {
  private readonly tables = new Map<string, TablePartition>()
  private readonly hop_ms: number

  constructor(inputs: readonly InputPartition[], hop_ms: number) {
    this.hop_ms = hop_ms
    for (const { input, partition } of inputs) {
      if (input.role !== 'table') continue
      this.tables.set(`${input.topic}/${partition}`, { input, partition, buffer: new TableBuffer() })
    }
  }

  /** True if the record was one of a table's, and is taken care of. */
  offer(record: InputRecord): boolean {
    const table = this.tables.get(`${record.topic}/${record.partition}`)
    if (!table) return false
    if (record.value === null) table.buffer.skip(record.offset)
    else table.buffer.offer(record.offset, (record.value as { event_time_ms: number }).event_time_ms, record.value)
    return true
  }

  /** What takes effect in the hop that ends at `end_ms`, by topic. */
  take(end_ms: number): Map<TopicName, TopicValue[]> {
    const values = new Map<TopicName, TopicValue[]>()
    for (const { input, buffer } of this.tables.values()) {
      const due = buffer.take(this.cutoff_ms(input, end_ms))
      const known = values.get(input.topic)
      if (known) known.push(...due)
      else values.set(input.topic, due)
    }
    return values
  }

  /** Without what only the one who rejects records knows. */
  positions(): Omit<InputPosition, 'rejected_offset'>[] {
    return [...this.tables.values()].map(({ input, partition, buffer }) => ({
      topic: input.topic,
      partition,
      ...buffer.position(),
    }))
  }

  resume(positions: readonly Omit<InputPosition, 'rejected_offset'>[], end_ms: number): void {
    for (const position of positions) {
      const table = this.tables.get(`${position.topic}/${position.partition}`)
      table?.buffer.resume(position, this.cutoff_ms(table.input, end_ms))
    }
  }

  private cutoff_ms(input: StageInput, end_ms: number): number {
    return input.effect === 'next_hop' ? end_ms - this.hop_ms : end_ms
  }
}
