import type { Consumer, ConsumerEndBatchProcessEvent, EachBatchPayload, KafkaMessage } from 'kafkajs'
import type { Codec } from '../avro/codec.ts'
import { isKafkaError } from './client.ts'
import { yieldToEventLoop } from './event-loop.ts'

/** Takes what is read from one partition, in order. Must not block: heartbeats wait behind it. */
export interface PartitionListener {
  /** New messages; never one below the offset that reading was started at, never one twice. */
  onMessages(messages: readonly KafkaMessage[]): void
  /**
   * Offsets that were passed over: nothing stands there. In a compacted topic that is nothing out of the ordinary; in any
   * other, retention has removed records before they were read. `onAdvance` follows.
   */
  onSkipped?(from: number, to: number): void
  /** `next` has moved, with or without messages: control records and holes of compaction move it, too. */
  onAdvance(): void
}

interface Cursor {
  readonly topic: string
  readonly partition: number
  readonly listener: PartitionListener
  /** Offset to read next. */
  next: number
  /** Offset behind the last record, as the broker told it with the last fetch; null before one. */
  end: number | null
  isPaused: boolean
  /** Tick of the last seek. */
  soughtAt: number
}

export interface StageConsumerOptions {
  readonly consumer: Consumer
  readonly codec: Codec
  /** The group has spoken: these partitions are ours now. Called before the first fetch of the new generation. */
  readonly onAssigned: (assignment: Readonly<Record<string, number[]>>) => void
  readonly onError: (error: unknown) => void
}

// A fetch loop that others have outrun this often belongs to a broker that is gone.
const FETCH_TICKS_MAX = 1_000

/**
 * One kafkajs consumer whose partitions are opened, paused and closed one by one. kafkajs keeps pauses and seeks over a
 * rebalance, and loses them at others, so each join sets both explicitly for everything assigned; a partition that nobody
 * has opened stays paused.
 */
export class StageConsumer {
  private readonly consumer: Consumer
  private readonly codec: Codec
  private readonly options: StageConsumerOptions
  private readonly cursors = new Map<string, Cursor>()
  private readonly fetchedAt = new Map<string, number>()
  private tick = 0

  constructor(options: StageConsumerOptions) {
    this.options = options
    this.consumer = options.consumer
    this.codec = options.codec
    const { consumer } = this
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => this.join(payload.memberAssignment))
    consumer.on(consumer.events.FETCH_START, ({ payload }) => {
      this.tick += 1
      this.fetchedAt.set(String(payload.nodeId), this.tick)
    })
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => this.passHole(payload))
  }

  /** Handler for `consumer.run`. */
  async eachBatch({ batch, resolveOffset, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const cursor = this.cursors.get(placeOf(batch.topic, batch.partition))
    if (!cursor || !isRunning() || isStale()) return
    cursor.end = Number(batch.highWatermark)
    try {
      const values = batch.messages.map(({ value }) => value)
      if (!this.codec.isPrepared(values)) {
        const { soughtAt } = cursor
        await this.codec.prepareRecords(values)
        const isCurrent = this.cursors.get(placeOf(batch.topic, batch.partition)) === cursor
        if (!isCurrent || cursor.soughtAt !== soughtAt || !isRunning() || isStale()) return
      }
      this.skipTo(cursor, batch.firstOffset())
      const messages = batch.messages.filter(({ offset }) => Number(offset) >= cursor.next)
      if (messages.length > 0) cursor.listener.onMessages(messages)
      cursor.next = Math.max(cursor.next, Number(batch.lastOffset()) + 1)
      const last = batch.messages.at(-1)
      // For the last message kafkajs resolves the control records behind it as well.
      if (last) resolveOffset(last.offset)
      cursor.listener.onAdvance()
    } catch (error) {
      // Thrown into kafkajs it would be retried, or stop the consumer and leave the process standing.
      this.options.onError(error)
    }
    await yieldToEventLoop()
  }

  /** Starts reading a partition of ours at `offset`. Opened again, it starts anew. */
  open(topic: string, partition: number, offset: number, listener: PartitionListener): void {
    const cursor = { topic, partition, listener, next: offset, end: null, isPaused: false, soughtAt: 0 }
    this.cursors.set(placeOf(topic, partition), cursor)
    this.seek(cursor)
    this.fetch(topic, partition, true)
  }

  /** Stops reading a partition, whether or not it is still ours. */
  close(topic: string, partition: number): void {
    if (this.cursors.delete(placeOf(topic, partition))) this.fetch(topic, partition, false)
  }

  /** Holds an open partition back, or lets it go on. What kafkajs has fetched already still arrives. */
  setPaused(topic: string, partition: number, isPaused: boolean): void {
    const cursor = this.cursors.get(placeOf(topic, partition))
    if (!cursor || cursor.isPaused === isPaused) return
    cursor.isPaused = isPaused
    this.fetch(topic, partition, !isPaused)
  }

  isPaused(topic: string, partition: number): boolean {
    return this.cursors.get(placeOf(topic, partition))?.isPaused ?? true
  }

  /** Offset to read next; null when the partition is not open. */
  next(topic: string, partition: number): number | null {
    return this.cursors.get(placeOf(topic, partition))?.next ?? null
  }

  /**
   * Offset behind the last record, records of open transactions included, as of the last fetch that brought something; null
   * before one. It does not move while the partition is paused.
   */
  end(topic: string, partition: number): number | null {
    return this.cursors.get(placeOf(topic, partition))?.end ?? null
  }

  /**
   * Passes over what stands before `low`, the beginning of the partition. A fetch finds that out only when something is
   * there to be fetched.
   */
  expire(topic: string, partition: number, low: number): void {
    const cursor = this.cursors.get(placeOf(topic, partition))
    if (!cursor || cursor.next >= low) return
    this.skipTo(cursor, String(low))
    this.seek(cursor)
    cursor.listener.onAdvance()
  }

  /**
   * A log has no holes but those of compaction, and control records and aborted ones count as read. When the first record
   * of a fetch stands behind the offset that was asked for, kafkajs has met OFFSET_OUT_OF_RANGE and begun anew.
   */
  private skipTo(cursor: Cursor, firstOffset: string | null): void {
    const { next } = cursor
    const first = firstOffset === null ? next : Number(firstOffset)
    if (first <= next) return
    cursor.next = first
    cursor.listener.onSkipped?.(next, first)
  }

  private join(assignment: Readonly<Record<string, number[]>>): void {
    const assigned = new Set<string>()
    for (const [topic, partitions] of Object.entries(assignment)) {
      for (const partition of partitions) {
        const place = placeOf(topic, partition)
        assigned.add(place)
        const cursor = this.cursors.get(place)
        if (cursor) this.seek(cursor)
        this.fetch(topic, partition, cursor !== undefined && !cursor.isPaused)
      }
    }
    for (const place of this.cursors.keys()) if (!assigned.has(place)) this.cursors.delete(place)
    this.options.onAssigned(assignment)
  }

  private seek(cursor: Cursor): void {
    this.tick += 1
    cursor.soughtAt = this.tick
    const { topic, partition, next } = cursor
    this.command(() => this.consumer.seek({ topic, partition, offset: String(next) }))
  }

  private fetch(topic: string, partition: number, isWanted: boolean): void {
    const place = [{ topic, partitions: [partition] }]
    this.command(() => (isWanted ? this.consumer.resume(place) : this.consumer.pause(place)))
  }

  /** A consumer that has stopped has no group to command any more, and its tasks are about to hear so. */
  private command(action: () => void): void {
    try {
      action()
    } catch (error) {
      if (!isKafkaError(error)) throw error
    }
  }

  /** A batch of control records, aborted records or holes never reaches `eachBatch`, but its end does reach this event. */
  private passHole(payload: ConsumerEndBatchProcessEvent['payload']): void {
    if (payload.batchSize > 0) return
    const cursor = this.cursors.get(placeOf(payload.topic, payload.partition))
    if (!cursor) return
    if (this.mayBeStale(cursor)) {
      this.seek(cursor)
      return
    }
    cursor.end = Number(payload.highWatermark)
    this.skipTo(cursor, payload.firstOffset)
    cursor.next = Math.max(cursor.next, Number(payload.lastOffset) + 1)
    cursor.listener.onAdvance()
  }

  /**
   * The event does not say whether its batch was fetched before the last seek; it may have been unless every broker has
   * been asked again since.
   */
  private mayBeStale(cursor: Cursor): boolean {
    for (const [node, tick] of this.fetchedAt) {
      if (tick < this.tick - FETCH_TICKS_MAX) this.fetchedAt.delete(node)
      else if (tick < cursor.soughtAt) return true
    }
    return false
  }
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
