import { setTimeout as after } from 'node:timers/promises'
import type { Admin, Consumer } from 'kafkajs'
import { HydrawatchError } from '../ops/errors.ts'
import { isSource } from '../stream/topology.ts'
import { isKafkaError } from './client.ts'
import { committedOffsets } from './committed-offsets.ts'
import { type Log, withFields } from './log.ts'
import { isOutage, Outage } from './outage.ts'
import { PartitionEnds } from './partition-ends.ts'
import { SourceGate } from './source-gate.ts'
import { StageConsumer } from './stage-consumer.ts'
import { createMember, groupIdOf } from './stage-group.ts'
import type { StartOptions } from './stage-options.ts'
import type { StageCounters, StageStatus } from './stage-status.ts'
import { StageTasks } from './stage-tasks.ts'
import { type StageTimes, stageTimes } from './stage-times.ts'
import { checkStage, readTopics, writtenTopics } from './stage-topics.ts'
import { fetchTopicEnds } from './topic-ends.ts'
import { checkTopics } from './topics.ts'

/** One stage running in this process: one consumer in the stage's group, and the tasks the group has given us. */
export interface StageRuntime {
  /**
   * Resolves when stopped. Rejects with whatever must end the process: BrokerUnavailable, RegistryUnavailable,
   * ChangelogUnreadable, or a programming error of a processor.
   */
  readonly closed: Promise<void>
  status(): StageStatus
  counters(): StageCounters
  /** Asks the broker where the inputs end, so that `status` knows it of partitions that are paused, too. */
  refreshEnds(): Promise<void>
  /** Finishes or abandons the open hop, leaves the group and disconnects, within 25 s. */
  stop(): Promise<void>
}

const OUTAGE_MAX_MS = 300_000
/** What a stage gives itself to stop; a platform must give its process more. */
export const STOP_MAX_MS = 25_000
// Of that for commits that have been sent. With brokers away kafkajs tries each step of one for longer than anybody waits.
const COMMITS_MAX_MS = 10_000
const SILENCE_CHECKS = 4

/**
 * Starts a stage and joins its group. Rejects with BrokerUnavailable, RegistryUnavailable, SchemaNotRegistered,
 * TopicMissing, PartitionCountMismatch, or UsageError for times that no consumer could stay in its group with.
 */
export async function startStage(options: StartOptions): Promise<StageRuntime> {
  const { stage, kafka, codec, settings } = options
  checkStage(stage, settings.partitions)
  const times = stageTimes(settings)
  const admin = kafka.admin()
  try {
    await kafka.reach(`starting ${stage.name}`, async () => {
      await admin.connect()
      await checkTopics(admin, settings, [...new Set([...readTopics(stage), ...writtenTopics(stage)])])
    })
    await codec.prepareTopics(writtenTopics(stage))
  } catch (error) {
    await admin.disconnect().catch(() => undefined)
    throw error
  }
  const runtime = new Runtime(options, admin, times)
  try {
    await runtime.start()
    return runtime
  } catch (error) {
    await runtime.stop()
    throw error
  }
}

class Runtime implements StageRuntime {
  readonly closed: Promise<void>
  private readonly options: StartOptions
  private readonly admin: Admin
  private readonly groupId: string
  private readonly log: Log
  private readonly consumer: Consumer
  private readonly partitions: StageConsumer
  private readonly ends: PartitionEnds
  private readonly gate: SourceGate | null
  private readonly tasks: StageTasks
  private readonly settle: { resolve: () => void; reject: (error: unknown) => void }
  private readonly outage: Outage
  private readonly sessionTimeout_ms: number
  private lastHeard_ms: number
  private generation = 0
  private silenceTimer: NodeJS.Timeout | null = null
  private failure: { error: unknown } | null = null
  private stopping: Promise<void> | null = null

  constructor(options: StartOptions, admin: Admin, times: StageTimes) {
    const { stage, kafka, codec, settings, writers, now, onHop = () => undefined } = options
    const { prefix, partitions, hops, outage_max_ms = OUTAGE_MAX_MS } = settings
    this.options = options
    this.admin = admin
    this.groupId = groupIdOf(stage.name, prefix)
    this.log = withFields(options.log, { stage: stage.name })
    this.gate = isSource(stage) ? new SourceGate(partitions, hops.ahead_hops) : null
    this.ends = new PartitionEnds((topic) => fetchTopicEnds(admin, topic))
    this.outage = new Outage(outage_max_ms, now)
    this.sessionTimeout_ms = times.sessionTimeout_ms
    this.lastHeard_ms = now()
    this.consumer = createMember(options, times, {
      held: () => this.tasks.held(),
      mayRejoin: (error) => this.mayRejoin(error),
    })
    this.partitions = new StageConsumer({
      consumer: this.consumer,
      codec,
      onAssigned: (assignment) => this.assign(assignment),
      onError: (error) => this.fail(error),
    })
    this.tasks = new StageTasks({
      stage,
      groupId: this.groupId,
      prefix,
      partitions,
      hops,
      writers,
      kafka,
      codec,
      consumer: this.partitions,
      ends: this.ends,
      gate: this.gate,
      outage_max_ms,
      committed: (topics) => committedOffsets(admin, this.groupId, topics),
      onHop,
      onFailure: (error) => this.fail(error),
      log: this.log,
      now,
    })
    let resolve = (): void => undefined
    let reject = (_error: unknown): void => undefined
    this.closed = new Promise<void>((onResolve, onReject) => {
      resolve = onResolve
      reject = onReject
    })
    this.settle = { resolve, reject }
    // Whoever wants to know awaits it; nobody has to.
    this.closed.catch(() => undefined)
  }

  async start(): Promise<void> {
    const { stage, kafka, settings, now } = this.options
    const { consumer } = this
    consumer.on(consumer.events.HEARTBEAT, () => {
      this.lastHeard_ms = now()
      this.tasks.confirm()
    })
    // Only a fetch says that brokers serve us: a coordinator may answer while the leaders are away.
    consumer.on(consumer.events.FETCH, () => {
      this.lastHeard_ms = now()
      this.outage.end()
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (payload.restart) return
      const doing = `reading for ${stage.name}`
      this.fail(kafka.failure(doing, payload.error))
    })
    await kafka.reach(`joining the group ${this.groupId}`, async () => {
      await consumer.connect()
      await consumer.subscribe({
        topics: readTopics(stage).map((topic) => settings.prefix + topic),
        fromBeginning: true,
      })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: (payload) => this.partitions.eachBatch(payload),
      })
    })
    if (this.failure) throw this.failure.error
    const { silence_ms } = settings.hops
    if (this.gate && silence_ms > 0) {
      const check = (): void => this.tasks.noteSilence(silence_ms, now(), (error) => this.noteFailedCheck(error))
      this.silenceTimer = setInterval(check, Math.ceil(silence_ms / SILENCE_CHECKS))
      this.silenceTimer.unref()
    }
  }

  status(): StageStatus {
    return {
      stage: this.options.stage.name,
      groupId: this.groupId,
      generation: this.generation,
      lastHeard_ms: this.lastHeard_ms,
      sessionTimeout_ms: this.sessionTimeout_ms,
      isAway: this.outage.isOngoing,
      isOver: this.stopping !== null || this.failure !== null,
      tasks: this.tasks.status(),
      behind: this.gate?.behind() ?? [],
    }
  }

  counters(): StageCounters {
    return this.tasks.counters()
  }

  async refreshEnds(): Promise<void> {
    const { stage, settings } = this.options
    await Promise.all(
      [...new Set(stage.inputs.map(({ topic }) => topic))].map((topic) => this.ends.now(settings.prefix + topic)),
    )
  }

  stop(): Promise<void> {
    this.stopping ??= this.shutDown()
    return this.stopping
  }

  /** The group has spoken. Runs inside kafkajs, before the first fetch of the new generation. */
  private assign(assignment: Readonly<Record<string, number[]>>): void {
    if (this.stopping) return
    const { stage, settings } = this.options
    this.generation += 1
    // The changelog's partitions are numbered as the tasks.
    const assigned = new Set(assignment[settings.prefix + stage.changelog] ?? [])
    const held = this.tasks.held()
    const lost = held.filter((task) => !assigned.has(task))
    const gained = [...assigned].filter((task) => !held.includes(task))
    for (const task of lost) this.tasks.release(task)
    this.followCuts(assignment)
    for (const task of gained) this.tasks.begin(task)
    this.log({
      level: 'info',
      message: 'tasks assigned',
      fields: { generation: this.generation, tasks: [...assigned], lost, gained },
    })
  }

  /** Every member of a source stage reads the cuts of all sources, from the beginning: the topic is compacted and small. */
  private followCuts(assignment: Readonly<Record<string, number[]>>): void {
    const { gate } = this
    const topic = `${this.options.settings.prefix}hops`
    if (!gate || !assignment[topic]?.includes(0) || this.partitions.next(topic, 0) !== null) return
    this.partitions.open(topic, 0, 0, {
      onMessages: (messages) => {
        for (const message of messages) {
          const cut = message.value === null ? null : this.options.codec.decode('hops', message.value).value
          if (cut !== null) gate.announce(cut.partition, cut.hop)
        }
      },
      onAdvance: () => undefined,
    })
  }

  /**
   * kafkajs has given its consumer up. While brokers are away it may start it again: the tasks keep what they hold, and the
   * next join says which of them are still ours.
   */
  private mayRejoin(error: Error): boolean {
    if (this.stopping || this.failure || this.generation === 0) return false
    if (!isOutage(error) || !this.outage.mayPass()) return false
    this.log({
      level: 'warn',
      message: 'lost the brokers, joining the group again',
      fields: { generation: this.generation, reason: error.message },
    })
    return true
  }

  private noteFailedCheck(error: unknown): void {
    // The next check asks again; a broker that stays away is noticed by the fetches.
    this.log({
      level: 'debug',
      message: 'could not look for silence',
      fields: { reason: error instanceof Error ? error.message : String(error) },
    })
  }

  private fail(error: unknown): void {
    if (this.failure || this.stopping) return
    this.failure = { error: this.named(error) }
    this.settle.reject(this.failure.error)
    void this.stop()
  }

  private named(error: unknown): unknown {
    if (error instanceof HydrawatchError || !isKafkaError(error)) return error
    const { kafka, stage } = this.options
    return kafka.failure(`running ${stage.name}`, error)
  }

  private async shutDown(): Promise<void> {
    if (this.silenceTimer) clearInterval(this.silenceTimer)
    if (!(await endsWithin(STOP_MAX_MS, this.leave())))
      this.log({ level: 'error', message: 'stopped without leaving the group', fields: { after_ms: STOP_MAX_MS } })
    this.settle.resolve()
  }

  private async leave(): Promise<void> {
    if (!(await endsWithin(COMMITS_MAX_MS, this.tasks.revoke()))) {
      const fields = { after_ms: COMMITS_MAX_MS }
      this.log({ level: 'warn', message: 'a commit is under way that no broker answers; a restore will tell', fields })
    }
    await this.consumer.disconnect().catch(() => undefined)
    await this.admin.disconnect().catch(() => undefined)
  }
}

/** False when the limit comes first. */
async function endsWithin(limit_ms: number, work: Promise<unknown>): Promise<boolean> {
  const grace = new AbortController()
  const isInTime = await Promise.race([
    work.then(() => true),
    after(limit_ms, false, { signal: grace.signal, ref: false }),
  ])
  grace.abort()
  return isInTime
}
