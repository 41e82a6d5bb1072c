import type { TopicValue } from '../../schemas/values.ts'
import { type HopAssembler, type HopPosition, type MissingPart, NO_HOP, type TakenHop } from './assembler.ts'
import { hopEnd_ms, hopOf } from './hop.ts'
import type { InputRecord, RejectedRecord } from './record.ts'
import { Rejections } from './rejections.ts'
import { type SourceValue, SourceValues } from './source-values.ts'
import type { InputPartition } from './stage.ts'
import { TableInputs } from './table-inputs.ts'

export interface SourceSettings {
  readonly hop_ms: number
  /** A hop is cut when the largest end time seen lies this far behind its end. */
  readonly bound_ms: number
  /** A record this far behind its cut or less enters the next hop, marked; an older one is rejected. */
  readonly late_max_ms: number
  /**
   * A record whose end time lies further than this ahead of the moment at which the broker took it is rejected: one clock
   * that is a day ahead would make the whole day too late for everybody else in the partition.
   */
  readonly future_max_ms: number
  /** The gate that keeps sources together. */
  readonly limit: (first: number) => number
}

interface OpenHop {
  readonly values: SourceValues<SourceValue>
  readonly late: Set<number>
  first_offset: number
}

interface Cut {
  readonly hop: number
  readonly end_offset: number
}

// A source that is three hops ahead of the gate buffers no further: at 5,000 events/s and 12 partitions that is 25,000
// records of a minute each, about 12 MB of bytes a hop and partition.
const BUFFERED_HOPS_MAX = 4

/**
 * Cuts the records of one source partition into hops by event time (DESIGN §4.2). A hop counts as cut as soon as the
 * watermark, the largest end time less `bound_ms`, has passed its end; whether a record is late depends on the records
 * before it alone, not on how far processing has come, so that a live run and a replay agree.
 */
export class SourceAssembler implements HopAssembler {
  private readonly settings: SourceSettings
  private readonly source: InputPartition
  private readonly tables: TableInputs
  private readonly rejections = new Rejections()
  private readonly open = new Map<number, OpenHop>()
  /** Hops that the watermark has passed and that are not taken yet, oldest first. Several may share a record's step. */
  private readonly cuts: Cut[] = []
  /** Markers count as unprocessed until a hop that their watermark cut is taken. */
  private readonly markers: { offset: number; hop: number }[] = []
  private watermark_ms = Number.NEGATIVE_INFINITY
  private closed: number | null = null
  private closed_end_offset = 0
  private nextOffset = 0

  constructor(inputs: readonly InputPartition[], settings: SourceSettings) {
    const source = inputs.find(({ input }) => input.role === 'source')
    if (!source) throw new Error('a source assembler needs a source input')
    this.source = source
    this.settings = settings
    this.tables = new TableInputs(inputs, settings.hop_ms)
  }

  offer(record: InputRecord): void {
    const isSource = record.topic === this.source.input.topic
    if (isSource) this.nextOffset = record.offset + 1
    if (record.rejection) {
      this.rejections.add(record, record.rejection)
      if (!isSource) this.tables.offer({ ...record, value: null })
      return
    }
    if (!isSource) {
      this.tables.offer(record)
      return
    }
    if (record.value === null) this.offerMarker(record)
    else this.offerValue(record, record.value as TopicValue & SourceValue)
  }

  /** Raises the watermark without a record: a silence on a live source, or the end of a file. */
  advance(watermark_ms: number): void {
    if (watermark_ms <= this.watermark_ms) return
    this.watermark_ms = watermark_ms
    this.cut()
  }

  /** End of the newest hop that holds records, ms; null when no hop is open. */
  openEnd_ms(): number | null {
    return this.open.size === 0 ? null : hopEnd_ms(Math.max(...this.open.keys()), this.settings.hop_ms)
  }

  ready(): boolean {
    const next = this.nextHop()
    return next !== null && next <= this.settings.limit(next)
  }

  take(): TakenHop | null {
    const hop = this.nextHop()
    if (hop === null || hop > this.settings.limit(hop)) return null
    const cut = this.cutOf(hop)
    const end_ms = hopEnd_ms(hop, this.settings.hop_ms)
    const open = this.open.get(hop)
    this.open.delete(hop)
    this.closed = hop
    this.closed_end_offset = cut.end_offset
    while (this.cuts.length > 0 && this.cuts[0]!.hop <= hop) this.cuts.shift()
    while (this.markers.length > 0 && this.markers[0]!.hop <= hop) this.markers.shift()
    const records: Record<string, SourceValues<SourceValue> | TopicValue[]> = {
      [this.source.input.topic]: open?.values ?? new SourceValues(),
    }
    for (const [topic, values] of this.tables.take(end_ms)) records[topic] = values
    return { input: { hop, end_ms, records, late: open?.late ?? new Set() }, rejected: this.rejections.take() }
  }

  takeRejected(): RejectedRecord[] {
    return this.rejections.take()
  }

  rejected_bytes(): number {
    return this.rejections.size_bytes
  }

  position(): HopPosition | null {
    if (this.closed === null && !this.rejections.haveLeft()) return null
    let resume_offset = this.nextOffset
    for (const { first_offset } of this.open.values()) resume_offset = Math.min(resume_offset, first_offset)
    for (const { offset } of this.markers) resume_offset = Math.min(resume_offset, offset)
    const { topic } = this.source.input
    const { partition } = this.source
    resume_offset = Math.min(resume_offset, this.rejections.firstOffset(topic, partition))
    const source = { topic, partition, resume_offset, end_offset: this.closed_end_offset }
    const inputs = [source, ...this.tables.positions()].map((input) => ({
      ...input,
      rejected_offset: this.rejections.leftThrough(input.topic, input.partition),
    }))
    return { hop: this.closed ?? NO_HOP, inputs }
  }

  resume(position: HopPosition): void {
    const end_ms = hopEnd_ms(position.hop, this.settings.hop_ms)
    if (position.hop !== NO_HOP) {
      this.closed = position.hop
      // The cut of the last closed hop is itself proof that the watermark had come this far.
      this.watermark_ms = end_ms + this.settings.bound_ms
    }
    for (const input of position.inputs) {
      this.rejections.resume(input)
      const { topic, resume_offset, end_offset } = input
      if (topic !== this.source.input.topic) continue
      this.closed_end_offset = end_offset
      this.nextOffset = resume_offset
    }
    this.tables.resume(position.inputs, end_ms)
  }

  aheadPartitions(): { topic: string; partition: number }[] {
    if (this.open.size <= BUFFERED_HOPS_MAX || !this.nextIsGated()) return []
    return [{ topic: this.source.input.topic, partition: this.source.partition }]
  }

  buffered(): number {
    let count = 0
    for (const { values } of this.open.values()) count += values.length
    return count
  }

  missing(): MissingPart[] {
    if (this.nextHop() !== null) return []
    return [{ topic: this.source.input.topic, partition: this.source.partition, writer: null }]
  }

  private offerMarker(record: InputRecord): void {
    if (record.watermark_ms === null) return
    const hop = Math.max(this.hopCutBy(record.watermark_ms), this.sealedThrough() ?? Number.NEGATIVE_INFINITY)
    if (this.closed !== null && hop <= this.closed) return
    this.markers.push({ offset: record.offset, hop })
    this.advance(record.watermark_ms)
  }

  private offerValue(record: InputRecord, value: SourceValue): void {
    const { end_time_ms } = value
    const ahead_ms = end_time_ms - (record.taken_ms ?? Number.POSITIVE_INFINITY)
    if (ahead_ms > this.settings.future_max_ms) {
      const detail = `end_time is ${ahead_ms} ms ahead of the broker's time`
      this.rejections.add(record, { reason: 'time_ahead', detail })
      return
    }
    const own = hopOf(end_time_ms, this.settings.hop_ms)
    const counted = this.closed !== null && own <= this.closed && record.offset < this.closed_end_offset
    if (!counted) this.place(record, value, own, end_time_ms)
    this.advance(end_time_ms)
  }

  private place(record: InputRecord, value: SourceValue, own: number, end_time_ms: number): void {
    const sealed = this.sealedThrough()
    const isLate = sealed !== null && own <= sealed
    const behind_ms = isLate ? hopEnd_ms(sealed, this.settings.hop_ms) - end_time_ms : 0
    if (behind_ms > this.settings.late_max_ms && !record.accepts_late) {
      this.rejections.add(record, { reason: 'too_late', detail: `end_time is ${behind_ms} ms behind the cut` })
      return
    }
    const target = isLate ? sealed + 1 : own
    let open = this.open.get(target)
    if (!open) {
      open = { values: new SourceValues(), late: new Set(), first_offset: record.offset }
      this.open.set(target, open)
    }
    open.first_offset = Math.min(open.first_offset, record.offset)
    if (isLate) open.late.add(open.values.length)
    open.values.add(value, record)
  }

  /** Largest hop that the watermark has passed, by the records so far; null while none. */
  private sealedThrough(): number | null {
    if (this.watermark_ms === Number.NEGATIVE_INFINITY) return null
    const sealed = this.hopCutBy(this.watermark_ms)
    return this.closed === null ? sealed : Math.max(sealed, this.closed)
  }

  private hopCutBy(watermark_ms: number): number {
    return hopOf(watermark_ms - this.settings.bound_ms, this.settings.hop_ms) - 1
  }

  private cut(): void {
    const hop = this.hopCutBy(this.watermark_ms)
    const last = this.cuts.at(-1)?.hop ?? this.closed ?? Number.NEGATIVE_INFINITY
    if (hop > last) this.cuts.push({ hop, end_offset: this.nextOffset })
  }

  /** The step of the watermark that cut a hop: the first whose hop is not smaller. */
  private cutOf(hop: number): Cut {
    const cut = this.cuts.find((candidate) => candidate.hop >= hop)
    if (!cut) throw new Error(`hop ${hop} was taken before it was cut`)
    return cut
  }

  private nextHop(): number | null {
    const cut = this.cuts.at(-1)
    if (!cut) return null
    if (this.closed !== null) return cut.hop > this.closed ? this.closed + 1 : null
    // A marker cuts hops that were empty; the first one says where they begin, however many were read before a take.
    const first = Math.min(...this.open.keys(), this.markers[0]?.hop ?? Number.POSITIVE_INFINITY)
    const begin = first === Number.POSITIVE_INFINITY ? cut.hop : first
    // A source that begins far behind the others joins them at the gate with empty hops. If it waited for them to come
    // along, they would wait for it: what has closed nothing holds everybody at the first hop.
    const joined = Math.min(begin, this.settings.limit(begin))
    return joined <= cut.hop ? joined : null
  }

  private nextIsGated(): boolean {
    const next = this.nextHop()
    return next !== null && next > this.settings.limit(next)
  }
}
