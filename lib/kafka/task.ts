import type { KafkaMessage } from 'kafkajs'
import { type TopicName, topicDefinition } from '../../schemas/topics.ts'
import type { Position } from '../../schemas/types.ts'
import type { Codec } from '../avro/codec.ts'
import { type HopAssembler, type MissingPart, NO_HOP } from '../stream/assembler.ts'
import { hopEnd_ms } from '../stream/hop.ts'
import { addMark, type ProgressMark } from '../stream/lag-state.ts'
import type { Processor } from '../stream/processor.ts'
import type { RejectedRecord } from '../stream/record.ts'
import { sealHop } from '../stream/seal.ts'
import { SourceAssembler } from '../stream/source-assembler.ts'
import { type InputPartition, inputPartitions, type Stage } from '../stream/stage.ts'
import { createAssembler, type HopSettings, partitionCount } from '../stream/topology.ts'
import { isKafkaError, type KafkaClient } from './client.ts'
import type { CommitNote } from './commit-note.ts'
import type { CommittedOffset } from './committed-offsets.ts'
import { BrokerUnavailable, ChangelogLost } from './errors.ts'
import { yieldToEventLoop } from './event-loop.ts'
import { createInputReader, type InputReader } from './input-record.ts'
import type { Log } from './log.ts'
import { isOutage, Outage } from './outage.ts'
import type { PartitionEnds } from './partition-ends.ts'
import { Restore } from './restore.ts'
import { Signal } from './signal.ts'
import type { SourceGate } from './source-gate.ts'
import type { StageConsumer } from './stage-consumer.ts'
import { writtenPartitions } from './stage-topics.ts'
import { countRejected, countWritten, newTaskCounters, type TaskCounters } from './task-counters.ts'
import { isFenced, TaskProducer } from './task-producer.ts'
import { groupOffsets, TaskRecords } from './task-records.ts'
import { moveTask, type TaskState } from './task-state.ts'
import type { CommittedHop, InputStatus, TaskStatus } from './task-status.ts'

export interface TaskOptions {
  readonly stage: Stage
  readonly task: number
  readonly groupId: string
  readonly prefix: string
  readonly partitions: number
  readonly hops: HopSettings
  readonly writers: (topic: TopicName) => number
  readonly kafka: KafkaClient
  readonly codec: Codec
  readonly consumer: StageConsumer
  readonly ends: PartitionEnds
  /** For a stage that cuts hops itself. */
  readonly gate: SourceGate | null
  /** How long brokers may be away before the task gives up. */
  readonly outage_max_ms: number
  /** What the group has committed (`committedOffsets` of committed-offsets.ts). */
  readonly committed: (topics: readonly string[]) => Promise<ReadonlyMap<string, CommittedOffset>>
  /** Resolves when the group has confirmed, from now on, that we are a member: what we were told is ours still is. */
  readonly confirmed: () => Promise<void>
  readonly onHop: (hop: CommittedHop) => void
  readonly log: Log
  /** Epoch ms. */
  readonly now: () => number
}

// Catching up, hops share transactions; eight cost an eighth, and what a failure throws away stays small.
const HOPS_PER_TRANSACTION_MAX = 8
const BYTES_PER_TRANSACTION_MAX = 8 << 20
// A complete hop waits and 50,000 records are there: at 1.5 kB each 75 MB per task. Reading on would only fill memory.
const BUFFERED_RECORDS_MAX = 50_000
// Rejected input waits for the next hop, which spares a transaction; at this much it leaves without one.
const REJECTED_BYTES_MAX = 4 << 20
// Brokers that are away are waited for by time.
const REFUSALS_MAX = 5
const REST_MS = 100
const PROGRESS_LOG_MS = 5_000
const REST_MAX_MS = 5_000

/** Thrown inside a task to leave whatever it is doing. */
class Revoked extends Error {}

/** Thrown by a task that learns from its changelog that it has another owner by now. */
class Overtaken extends Error {}

/** What a task holds between a restore and the next failure. */
interface Life {
  readonly producer: TaskProducer
  readonly assembler: HopAssembler
  readonly processor: Processor
}

/**
 * One task of one stage in this process. `run` takes it from `assigned` over `restoring` to `running` and keeps it
 * there: messages are appended as they come, and one loop closes hops, one transaction at a time. A transaction that
 * fails leaves unknown what was committed; then everything is dropped and the task starts again from its changelog.
 */
export class Task {
  private readonly options: TaskOptions
  private readonly inputs: readonly InputPartition[]
  private readonly tables: readonly InputPartition[]
  private readonly flows: readonly InputPartition[]
  private readonly wake = new Signal()
  private readonly stopListening: () => void
  private current: TaskState = 'assigned'
  private life: Life | null = null
  private restoring: Restore | null = null
  private progressLogged_ms = 0
  private lastHop: number | null = null
  /** Attempts that failed since the last commit, and those of them that were refusals. */
  private failures = 0
  private refusals = 0
  private readonly outage: Outage
  private error: unknown = null
  private closing: Promise<void> = Promise.resolve()
  /** Counts arrivals on source and hop inputs. */
  private arrivals = 0
  /** Value of `arrivals` at the moment as of which the tables have been read up. */
  private tablesAsOf = -1
  private lastArrival_ms = 0
  private isAskingForSilence = false
  /** Offset after the last message handed over, by partition. */
  private readonly delivered = new Map<string, number>()
  /** Committed offsets by `topic/partition`, as far as this process knows. */
  private readonly committed = new Map<string, number>()
  private marks: readonly ProgressMark[] = []
  private isCommitting = false
  private readonly since_ms: number
  readonly counters: TaskCounters = newTaskCounters()

  constructor(options: TaskOptions) {
    const { stage, task, partitions } = options
    this.options = options
    this.outage = new Outage(options.outage_max_ms, options.now)
    this.since_ms = options.now()
    this.inputs = inputPartitions(stage, task, (topic) => partitionCount(topic, partitions))
    this.tables = this.inputs.filter(({ input }) => input.role === 'table')
    this.flows = this.inputs.filter(({ input }) => input.role !== 'table')
    this.stopListening = options.gate?.onAnnounce(() => this.wake.notify()) ?? (() => undefined)
  }

  get state(): TaskState {
    return this.current
  }

  /** Runs until revoked. Rejects with a programming error, or when attempts have failed too often in a row. */
  async run(): Promise<void> {
    try {
      while (this.current !== 'revoked') {
        try {
          await this.restore()
          await this.closeHops()
        } catch (error) {
          await this.recover(error)
        } finally {
          this.drop()
        }
      }
    } finally {
      this.stopListening()
      await this.closing
    }
  }

  /** Gives the task up: nothing more is read or begun. `run` resolves when what was under way has ended. */
  revoke(): void {
    if (this.current === 'revoked') return
    this.move('revoked')
    this.closeInputs()
    this.wake.notify()
  }

  status(): TaskStatus {
    const { hops, task } = this.options
    const assembler = this.life?.assembler
    return {
      task,
      state: this.current,
      hop: this.lastHop,
      hopEnd_ms: this.lastHop === null ? null : hopEnd_ms(this.lastHop, hops.length_ms),
      restore: this.restoring?.progress() ?? null,
      buffered: assembler?.buffered() ?? 0,
      offsets: this.inputs.map((input) => this.inputStatus(input)),
      isReady: this.isCommitting || (assembler?.ready() ?? false),
      missing: assembler ? this.missing(assembler) : [],
      since_ms: this.since_ms,
      marks: this.marks,
    }
  }

  private inputStatus({ input: { topic, role }, partition }: InputPartition): InputStatus {
    const { consumer, ends, prefix } = this.options
    const fetched = consumer.end(prefix + topic, partition)
    const asked = ends.last(prefix + topic)?.get(partition)?.high ?? null
    return {
      topic,
      partition,
      role,
      next: consumer.next(prefix + topic, partition),
      committed: this.committed.get(`${topic}/${partition}`) ?? null,
      end: fetched === null || asked === null ? (fetched ?? asked) : Math.max(fetched, asked),
    }
  }

  private missing(assembler: HopAssembler): MissingPart[] {
    const source = this.flows[0]
    const missing = assembler.missing()
    if (missing.length > 0 || assembler.ready() || !source) return missing
    // Complete, and not to be taken: only the gate does that.
    return (this.options.gate?.slowest() ?? []).map((partition) => ({
      topic: source.input.topic,
      partition,
      writer: null,
    }))
  }

  /** Counters of the processor; empty while there is none. */
  processorCounters(): Readonly<Record<string, number>> {
    return this.life?.processor.counters() ?? {}
  }

  /**
   * Live silence: a source that has been read to its end and brought nothing for `silence_ms` closes the hops it has
   * open and follows the others. Call it now and then; it is the only clock of the whole flow.
   */
  async noteSilence(silence_ms: number, now_ms: number): Promise<void> {
    const { gate, hops, consumer, ends, prefix } = this.options
    const assembler = this.life?.assembler
    if (this.current !== 'running' || this.isAskingForSilence) return
    if (!(assembler instanceof SourceAssembler) || !gate) return
    const source = this.flows[0]
    if (!source || now_ms - this.lastArrival_ms < silence_ms) return
    const topic = prefix + source.input.topic
    const furthest = gate.furthest()
    const isBehind = furthest !== null && furthest > (this.lastHop ?? Number.NEGATIVE_INFINITY)
    if ((assembler.openEnd_ms() === null && !isBehind) || consumer.isPaused(topic, source.partition)) return
    this.isAskingForSilence = true
    try {
      const { arrivals } = this
      const end = (await ends.now(topic)).get(source.partition)
      if (this.life?.assembler !== assembler || this.arrivals !== arrivals) return
      if (end) consumer.expire(topic, source.partition, end.low)
      const next = consumer.next(topic, source.partition)
      if (!end || next === null || next < end.high) return
      const openEnd_ms = assembler.openEnd_ms()
      if (openEnd_ms !== null) assembler.advance(openEnd_ms + hops.bound_ms)
      if (furthest !== null) assembler.advance(hopEnd_ms(furthest, hops.length_ms) + hops.bound_ms)
      this.arrivals += 1
      this.wake.notify()
    } finally {
      this.isAskingForSilence = false
    }
  }

  private async restore(): Promise<void> {
    const { stage, task, groupId, partitions, hops, kafka, codec, consumer, ends, prefix, log, now } = this.options
    this.move('restoring')
    const started_ms = now()
    const written = writtenPartitions(stage, task, partitions)
    const topics = written.map((place) => ({ ...place, topic: prefix + place.topic }))
    const producer = await TaskProducer.open(kafka, groupId, task, topics)
    const processor = stage.create({ task, partitions, hop_ms: hops.length_ms })
    const assembler = createAssembler(stage, task, {
      partitions,
      hops,
      limit: (first) => this.options.gate?.limit(first) ?? Number.POSITIVE_INFINITY,
      writers: this.options.writers,
    })
    this.life = { producer, assembler, processor }
    this.progressLogged_ms = started_ms
    this.checkAlive()

    // Older owners are fenced by now, so this end is final.
    const changelog = prefix + stage.changelog
    const { low, high } = (await ends.now(changelog)).get(task) ?? { low: 0, high: 0 }
    this.checkAlive()
    const restore = new Restore({ codec, topic: stage.changelog, partition: task, processor, low, high })
    this.restoring = restore
    this.counters.changelog_missed = low
    if (low > 0) {
      // Compaction leaves the start of a log where it is. Something else removed records: what they said is unknown.
      log({
        level: 'error',
        message: 'the changelog has lost its beginning; state restored from it is incomplete',
        fields: { task, topic: stage.changelog, from: 0, to: low },
      })
    }
    if (high > low) {
      consumer.open(changelog, task, low, {
        onMessages: (messages) => this.guard(() => this.applyAll(restore, messages)),
        onAdvance: () => {
          restore.advance(consumer.next(changelog, task) ?? 0)
          this.wake.notify()
        },
      })
      await this.until(() => restore.isComplete)
      consumer.close(changelog, task)
    }
    if (restore.position === null) await this.refuseLostChangelog(high)
    if (restore.position) assembler.resume(restore.position)
    processor.restored()
    const { accounts } = restore.progress()
    this.restoring = null
    this.lastHop = hopOf(restore.position)
    this.counters.restores += 1
    this.counters.restored_records += restore.records
    this.counters.restore_ms += now() - started_ms
    await this.openInputs(restore.position)
    this.move('running')
    log({
      level: 'info',
      message: 'task restored',
      fields: { task, hop: this.lastHop, records: restore.records, accounts, took_ms: now() - started_ms },
    })
  }

  private applyAll(restore: Restore, messages: readonly KafkaMessage[]): void {
    for (const message of messages) restore.apply(message)
    const now_ms = this.options.now()
    if (now_ms - this.progressLogged_ms < PROGRESS_LOG_MS) return
    this.progressLogged_ms = now_ms
    this.options.log({
      level: 'info',
      message: 'task restoring',
      fields: { task: this.options.task, ...restore.progress() },
    })
  }

  /**
   * Position and offsets are committed together. Offsets without a position mean that the changelog is gone, and beginning
   * anew at the start of the inputs would say everything a second time. They may also be those of another owner, who has
   * committed since we have read the changelog up to `readUp`: then it goes on there.
   */
  private async refuseLostChangelog(readUp: number): Promise<void> {
    const { stage, task, groupId, prefix, ends, committed } = this.options
    const offsets = await committed([...new Set(this.inputs.map(({ input }) => prefix + input.topic))])
    const changelog = prefix + stage.changelog
    if (offsets.size > 0 && ((await ends.now(changelog)).get(task)?.high ?? 0) > readUp) {
      throw new Overtaken(`${changelog}/${task} has been written to by another owner`)
    }
    for (const { input, partition } of this.inputs) {
      const input_topic = prefix + input.topic
      const offset = offsets.get(`${input_topic}/${partition}`)?.offset
      if (offset !== undefined)
        throw new ChangelogLost({ topic: changelog, partition: task, groupId, input_topic, offset })
    }
    this.checkAlive()
  }

  private async openInputs(position: Position | null): Promise<void> {
    const { codec, consumer, ends, prefix, task, log, now } = this.options
    const topics = [...new Set(this.inputs.map(({ input }) => input.topic))]
    const endsByTopic = new Map(
      await Promise.all(topics.map(async (topic) => [topic, await ends.now(prefix + topic)] as const)),
    )
    this.checkAlive()
    this.arrivals = 0
    this.tablesAsOf = -1
    this.lastArrival_ms = now()
    this.delivered.clear()
    for (const { input, partition } of this.inputs) {
      const resume_offset =
        position?.inputs.find((place) => place.topic === input.topic && place.partition === partition)?.resume_offset ??
        0
      const { low, high } = endsByTopic.get(input.topic)?.get(partition) ?? { low: 0, high: 0 }
      if (resume_offset > high) {
        log({
          level: 'error',
          message:
            'the topic ends before what was read from it: it was made anew or cut off, and is read from there on',
          fields: { task, topic: input.topic, partition, from: resume_offset, to: high },
        })
      }
      if (position && resume_offset < low) this.noteMissed(input.topic, partition, resume_offset, low)
      const toRecord = createInputReader(codec, { input, partition })
      consumer.open(prefix + input.topic, partition, Math.max(resume_offset, low), {
        onMessages: (messages) => this.guard(() => this.take(input.topic, partition, messages, toRecord)),
        onSkipped: (from, to) => this.noteMissed(input.topic, partition, from, to),
        onAdvance: () => this.wake.notify(),
      })
    }
  }

  /** Counts records that retention has removed before they were read. Compaction removes what is said again further on. */
  private noteMissed(topic: TopicName, partition: number, from: number, to: number): void {
    if (topicDefinition(topic).cleanup === 'compact') return
    this.counters.records_missed += to - from
    this.options.log({
      level: 'error',
      message: 'records were deleted by retention before they were read',
      fields: { task: this.options.task, topic, partition, from, to },
    })
  }

  /** Appends messages of an input to the hops they belong to; hops are closed elsewhere. */
  private take(topic: TopicName, partition: number, messages: readonly KafkaMessage[], toRecord: InputReader): void {
    const { life } = this
    if (!life) return
    for (const message of messages) life.assembler.offer(toRecord(message))
    this.counters.records_in += messages.length
    this.delivered.set(`${topic}/${partition}`, Number(messages.at(-1)?.offset ?? -1) + 1)
    if (this.flows.some(({ input }) => input.topic === topic)) {
      this.arrivals += 1
      this.lastArrival_ms = this.options.now()
    }
    this.holdBack(life.assembler)
    this.wake.notify()
  }

  private async closeHops(): Promise<never> {
    for (;;) {
      const life = this.checkAlive()
      if (!life.assembler.ready()) {
        if (holdsTooMuch(life.assembler)) await this.commitRejected(life)
        this.holdBack(life.assembler)
        if (!holdsTooMuch(life.assembler)) await this.wake.wait()
        continue
      }
      const read_max = await this.readTablesUp()
      // The first hop alone: from it the gate knows where the sources begin.
      const hops_max = this.lastHop === null && this.options.gate ? 1 : read_max
      this.isCommitting = true
      await this.commitHops(this.checkAlive(), hops_max)
      this.isCommitting = false
      this.holdBack(life.assembler)
      await yieldToEventLoop()
    }
  }

  /**
   * Tables join as of a hop's end: what had been written to them when the records that complete the hop came must have
   * been read. Returns how many hops may be taken: the one that is complete for certain, or any, when nothing has come since.
   */
  private async readTablesUp(): Promise<number> {
    if (this.tables.length === 0) return HOPS_PER_TRANSACTION_MAX
    if (this.tablesAsOf !== this.arrivals) {
      const { consumer, ends, prefix } = this.options
      const { arrivals } = this
      const targets = await Promise.all(
        this.tables.map(async ({ input, partition }) => {
          const topic = prefix + input.topic
          const { low, high } = (await ends.now(topic)).get(partition) ?? { low: 0, high: 0 }
          return { topic, partition, low, high }
        }),
      )
      for (const { topic, partition, low } of targets) consumer.expire(topic, partition, low)
      const areRead = () =>
        targets.every(({ topic, partition, high }) => (consumer.next(topic, partition) ?? 0) >= high)
      for (;;) {
        await this.until(() => areRead() || (this.life !== null && holdsTooMuch(this.life.assembler)))
        if (areRead()) break
        // The tables are held back until the rejected have left.
        await this.commitRejected(this.checkAlive())
      }
      this.tablesAsOf = arrivals
    }
    return this.tablesAsOf === this.arrivals ? HOPS_PER_TRANSACTION_MAX : 1
  }

  private async commitHops(life: Life, hops_max: number): Promise<void> {
    const { stage, task, partitions, prefix, codec, gate, log, now, onHop } = this.options
    const { assembler, processor } = life
    const records = new TaskRecords(codec, prefix, partitions)
    const taken: { hop: number; taken_ms: number; process_ms: number }[] = []
    const rejected: RejectedRecord[] = []
    const failed: object[] = []
    while (taken.length < hops_max && records.size_bytes < BYTES_PER_TRANSACTION_MAX) {
      const next = assembler.take()
      const position = assembler.position()
      if (!next || !position) break
      const { hop } = next.input
      const taken_ms = now()
      const begun_ms = performance.now()
      const outputs = processor.process(next.input)
      taken.push({ hop, taken_ms, process_ms: performance.now() - begun_ms })
      for (const output of sealHop(stage, task, hop, outputs, (topic) => partitionCount(topic, partitions))) {
        records.addOutput(output)
      }
      for (const failure of processor.drainFailures?.() ?? []) failed.push({ task, hop, ...failure })
      for (const record of next.rejected) records.addDeadLetter(stage.name, record)
      rejected.push(...next.rejected)
      if (gate) records.addCut(task, position)
      await yieldToEventLoop()
      this.checkAlive()
    }
    const position = assembler.position()
    if (taken.length === 0 || !position) return
    for (const change of processor.drainChanges()) records.addChange(stage.changelog, task, change)
    records.addPosition(stage.changelog, task, position)

    const { transaction_ms, committed_ms } = await this.commit(life, records, position)
    this.lastHop = position.hop
    this.counters.hops += taken.length
    countRejected(this.counters, rejected)
    for (const fields of failed)
      log({ level: 'error', message: 'a part failed, the others went on', fields: { ...fields } })
    gate?.announce(task, position.hop)
    const last = taken.at(-1)
    for (const closed of taken) {
      onHop({
        stage: stage.name,
        task,
        ...closed,
        committed_ms,
        transaction_ms: closed === last ? transaction_ms : null,
      })
    }
  }

  /** Rejected input in a transaction without a hop: where nothing but poison comes, no hop does, and memory is finite. */
  private async commitRejected(life: Life): Promise<void> {
    const { stage, task, partitions, prefix, codec } = this.options
    const rejected = life.assembler.takeRejected()
    const position = life.assembler.position()
    if (rejected.length === 0 || !position) return
    const records = new TaskRecords(codec, prefix, partitions)
    for (const record of rejected) records.addDeadLetter(stage.name, record)
    records.addPosition(stage.changelog, task, position)
    await this.commit(life, records, position)
    countRejected(this.counters, rejected)
    this.holdBack(life.assembler)
  }

  private async commit(
    { assembler, producer }: Life,
    records: TaskRecords,
    position: Position,
  ): Promise<{ transaction_ms: number; committed_ms: number }> {
    const { prefix, now } = this.options
    const begun_ms = performance.now()
    const note = position.hop === NO_HOP ? null : this.noteOf(assembler, position)
    await producer.commit(
      records.all,
      groupOffsets(position, prefix, note, (topic, partition, offset) => this.readUp(topic, partition, offset)),
    )
    const transaction_ms = performance.now() - begun_ms
    if (note) this.mark(position, note)
    this.failures = 0
    this.refusals = 0
    this.outage.end()
    this.counters.transactions += 1
    countWritten(this.counters, records.written)
    return { transaction_ms, committed_ms: now() }
  }

  private noteOf(assembler: HopAssembler, { hop }: Position): CommitNote {
    const { hops, now } = this.options
    const isReadUp = this.flows.every((input) => {
      const { next, end } = this.inputStatus(input)
      return end === null || (next ?? 0) >= end
    })
    const event_time_ms = hopEnd_ms(hop, hops.length_ms)
    return { hop, event_time_ms, committed_ms: now(), caught_up: isReadUp && !assembler.ready() }
  }

  /** Remembers what has been committed, for whoever asks how the task is doing. */
  private mark({ inputs }: Position, { hop, committed_ms, caught_up }: CommitNote): void {
    for (const { topic, partition, resume_offset } of inputs) {
      this.committed.set(`${topic}/${partition}`, this.readUp(topic, partition, resume_offset))
    }
    let offset = 0
    let lag = 0
    for (const input of this.flows) {
      const { committed, end } = this.inputStatus(input)
      offset += committed ?? 0
      lag += Math.max(0, (end ?? 0) - (committed ?? 0))
    }
    this.marks = addMark(this.marks, { committed_ms, hop, offset, lag, isCaughtUp: caught_up })
  }

  /** When every message up to an offset has been processed, so has what stands behind the last: a transaction's marker. */
  private readUp(topic: string, partition: number, offset: number): number {
    if (this.delivered.get(`${topic}/${partition}`) !== offset) return offset
    return Math.max(offset, this.options.consumer.next(this.options.prefix + topic, partition) ?? offset)
  }

  private holdBack(assembler: HopAssembler): void {
    const { consumer, prefix } = this.options
    const isFull = assembler.buffered() > BUFFERED_RECORDS_MAX && assembler.ready()
    const isClogged = holdsTooMuch(assembler)
    for (const { input, partition } of this.tables) consumer.setPaused(prefix + input.topic, partition, isClogged)
    const ahead = assembler.aheadPartitions()
    for (const { input, partition } of this.flows) {
      const isAhead = ahead.some((place) => place.topic === input.topic && place.partition === partition)
      consumer.setPaused(prefix + input.topic, partition, isFull || isAhead || isClogged)
    }
  }

  /** Decides what a failure means: the end, another attempt, or a wait for the group's word. */
  private async recover(error: unknown): Promise<void> {
    if (this.current === 'revoked' && (error instanceof Revoked || isOutside(error))) return
    if (!isOutside(error)) throw error
    const { kafka, stage, task, log, confirmed } = this.options
    const failure = kafka.failure(`task ${task} of ${stage.name}`, error)
    // A right that is missing, or a password that has changed: another attempt would end the same.
    if (!(failure instanceof BrokerUnavailable)) throw failure
    const fenced = isFenced(error) || error instanceof Overtaken
    const isAway = !fenced && isOutage(error)
    this.failures += 1
    if (!isAway) this.refusals += 1
    this.counters.transactions_failed += 1
    log({
      level: 'warn',
      message: fenced ? 'task fenced off by another owner' : 'task failed, restoring it again',
      fields: { task, attempt: this.failures, reason: error instanceof Error ? error.message : String(error) },
    })
    if (isAway ? !this.outage.mayPass() : this.refusals >= REFUSALS_MAX) throw failure
    this.closeInputs()
    this.move('assigned')
    if (!fenced) {
      await this.rest(Math.min(REST_MS * 2 ** (this.failures - 1), REST_MAX_MS))
      return
    }
    // Either the other owner is a zombie that has yet to notice, or we are: only the group knows.
    let isConfirmed = false
    void confirmed().then(() => {
      isConfirmed = true
      this.wake.notify()
    })
    while (!isConfirmed && this.state !== 'revoked') await this.wake.wait()
  }

  /** Waits before the next attempt, or until revoked. */
  private async rest(rest_ms: number): Promise<void> {
    let isOver = false
    const timer = setTimeout(() => {
      isOver = true
      this.wake.notify()
    }, rest_ms)
    while (!isOver && this.state !== 'revoked') await this.wake.wait()
    clearTimeout(timer)
  }

  /** Waits until a condition holds; it is looked at whenever something has moved. */
  private async until(holds: () => boolean): Promise<void> {
    for (;;) {
      this.checkAlive()
      if (holds()) return
      await this.wake.wait()
    }
  }

  private checkAlive(): Life {
    if (this.error !== null) throw this.error
    if (this.current === 'revoked' || !this.life) throw new Revoked()
    return this.life
  }

  /** Listeners run inside kafkajs; what they throw belongs to this task's loop. */
  private guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.error ??= error
      this.wake.notify()
    }
  }

  private closeInputs(): void {
    const { consumer, prefix, stage, task } = this.options
    for (const { input, partition } of this.inputs) consumer.close(prefix + input.topic, partition)
    consumer.close(prefix + stage.changelog, task)
  }

  private drop(): void {
    const { life } = this
    this.life = null
    this.restoring = null
    this.isCommitting = false
    if (life) this.closing = life.producer.close()
  }

  private move(to: TaskState): void {
    this.current = moveTask(this.current, to)
  }
}

/** The last hop committed; null when none was. */
function hopOf(position: Position | null): number | null {
  return position === null || position.hop === NO_HOP ? null : position.hop
}

function holdsTooMuch(assembler: HopAssembler): boolean {
  return assembler.rejected_bytes() > REJECTED_BYTES_MAX
}

function isOutside(error: unknown): boolean {
  return isKafkaError(error) || error instanceof BrokerUnavailable || error instanceof Overtaken
}
